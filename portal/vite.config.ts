import { defineConfig, type Plugin } from "vite";
import { world } from "./world.ts";

/** `import address from "virtual:world"`: the address of the outline of the world. */
function outline(): Plugin {
  return {
    name: "outline",
    resolveId: (name) => (name === "virtual:world" ? "\0world" : null),
    load(name) {
      if (name !== "\0world") return null;
      const file = this.emitFile({ type: "asset", name: "world.json", source: world() });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}

/** What names a source map that does not travel. */
function withoutMaps(): Plugin {
  return {
    name: "without-maps",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "asset" && file.fileName.endsWith(".mjs"))
          file.source = file.source.toString().replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n");
      }
    },
  };
}

export default defineConfig({
  base: "/portal/",
  plugins: [outline(), withoutMaps()],
  build: {
    outDir: "../src/wadati/api/portal/built",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    sourcemap: false,
    target: "es2022",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
});
