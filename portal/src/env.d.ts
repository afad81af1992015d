declare module "virtual:world" {
  const address: string;
  export default address;
}
declare module "maplibre-gl/dist/maplibre-gl-worker.mjs?url" {
  const address: string;
  export default address;
}
declare module "virtual:terms" {
  const address: string;
  export default address;
}
