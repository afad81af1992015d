/** The map: the world under events and stations, all of it from the service's own host. */

import { Map as MapLibre, NavigationControl, ScaleControl, AttributionControl, Marker, prewarm, setWorkerUrl } from "maplibre-gl";
import type { GeoJSONSource, LngLatBoundsLike, PaddingOptions } from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import { code, type EventRow, type StationState } from "../data/types";
import { radiusOf, type Colouring } from "../draw/palette";
import { h } from "../dom";
import { dark } from "../settings";
import { t } from "../words";
import { Cells } from "./cells";
import { COARSE, colouring, FINE, paints, style } from "./style";
import { world } from "./world";

setWorkerUrl(worker);
prewarm();

const HOUR = 3_600_000;
const PULSE_MS = 12_000;

export interface Clicked {
  event?: string;
  station?: string;
  /** Longitude and latitude. */
  place: [number, number];
}

export class LiveMap {
  private readonly map: MapLibre;
  private readonly stop: () => void;
  readonly ready: Promise<void>;

  constructor(
    host: HTMLElement,
    label: string,
    private by: Colouring,
    /** Longitudes and latitudes that are seen at first. */
    view: readonly (readonly [number, number])[],
    clicked: (what: Clicked) => void = () => undefined,
  ) {
    this.map = new MapLibre({
      container: host,
      style: style(by),
      attributionControl: false,
      ...(view.length ? { bounds: boundsOf(view), fitBoundsOptions: margins(host, 11) } : {}),
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      maxZoom: 14,
      locale: { "Map.Title": label, "NavigationControl.ZoomIn": t("map.in"), "NavigationControl.ZoomOut": t("map.out") },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new AttributionControl({ compact: true, customAttribution: "Natural Earth" }), "bottom-right");
    this.map.addControl(new ScaleControl({ maxWidth: 90 }), "bottom-left");
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    const cells = new Cells((all) => void this.ready.then(() => this.source("cells").setData(all)));
    let whole = false;
    const look = async (): Promise<void> => {
      if (this.map.getZoom() < COARSE && !whole) {
        whole = true;
        const outline = await world();
        await this.ready;
        this.source("world").setData(outline);
      }
      if (this.map.getZoom() < FINE) return;
      const view = this.map.getBounds();
      await cells.look({ west: view.getWest(), south: view.getSouth(), east: view.getEast(), north: view.getNorth() });
    };
    this.ready = new Promise((done) => void this.map.once("load", () => done()));
    const first = look();
    this.map.on("moveend", () => void look());
    void Promise.all([first, this.ready]).then(() =>
      this.map.once("idle", () => {
        performance.mark("map");
        host.dataset["ready"] = "true";
      }),
    );
    for (const layer of ["events", "stations"] as const) {
      this.map.on("mouseenter", layer, () => (this.map.getCanvas().style.cursor = "pointer"));
      this.map.on("mouseleave", layer, () => (this.map.getCanvas().style.cursor = ""));
    }
    this.map.on("click", (event) => {
      const near = 5;
      const { x, y } = event.point;
      const found = this.map.queryRenderedFeatures(
        [
          [x - near, y - near],
          [x + near, y + near],
        ],
        { layers: ["events", "stations"] },
      );
      const event_ = found.find((one) => one.layer.id === "events");
      const station = found.find((one) => one.layer.id === "stations");
      const place = event.lngLat.wrap().toArray();
      if (event_) clicked({ event: String(event_.properties["id"]), place });
      else if (station) clicked({ station: String(station.properties["code"]), place });
      else clicked({ place });
    });
    const unfollow = dark.follow(() => {
      if (!this.map.isStyleLoaded()) return;
      for (const [layer, property, value] of paints()) this.map.setPaintProperty(layer, property as never, value as never);
    });
    this.stop = unfollow;
  }

  private source(name: string): GeoJSONSource {
    return this.map.getSource(name)!;
  }

  /** Show events; ages are as of `now`. */
  async events(rows: readonly EventRow[], now = Date.now()): Promise<void> {
    await this.ready;
    this.source("events").setData({
      type: "FeatureCollection",
      features: rows.map((one) => ({
        type: "Feature",
        properties: { id: one.id, depth: one.depth, age: (now - one.time) / HOUR, radius: radiusOf(one.magnitude) },
        geometry: { type: "Point", coordinates: [one.longitude, one.latitude] },
      })),
    });
  }

  async stations(rows: readonly StationState[]): Promise<void> {
    await this.ready;
    this.source("stations").setData({
      type: "FeatureCollection",
      features: rows.map((one) => ({
        type: "Feature",
        properties: { code: code(one), state: one.state ?? "none" },
        geometry: { type: "Point", coordinates: [one.longitude, one.latitude] },
      })),
    });
  }

  /** Lines by their kind: `box`, `ray`, `ellipse`. */
  async extras(lines: readonly (readonly [kind: string, points: readonly (readonly [number, number])[]])[]): Promise<void> {
    await this.ready;
    this.source("extras").setData({
      type: "FeatureCollection",
      features: lines.map(([kind, points]) => ({
        type: "Feature",
        properties: { kind },
        geometry: { type: "LineString", coordinates: points.map((point) => [...point]) },
      })),
    });
  }

  async colour(by: Colouring): Promise<void> {
    await this.ready;
    this.by = by;
    this.map.setPaintProperty("events", "circle-color", colouring(this.by));
  }

  async choose(id: string | null): Promise<void> {
    await this.ready;
    this.map.setFilter("chosen", ["==", ["get", "id"], id ?? ""]);
  }

  /** Show places as large as fits. */
  fit(points: readonly (readonly [number, number])[], maxZoom = 11): void {
    if (points.length) this.map.fitBounds(boundsOf(points), { ...margins(this.map.getContainer(), maxZoom), animate: false });
  }

  /** West, south, east, north of what is seen. */
  bounds(): [number, number, number, number] {
    const view = this.map.getBounds();
    return [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
  }

  fly(longitude: number, latitude: number): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.easeTo({ center: [longitude, latitude], duration: still ? 0 : 600 });
  }

  /** An element that is dragged over the map; what is returned puts it somewhere. */
  mark(element: HTMLElement, moved: (longitude: number, latitude: number) => void): (longitude: number, latitude: number) => void {
    const marker = new Marker({ element, draggable: true });
    marker.on("drag", () => {
      const { lng, lat } = marker.getLngLat().wrap();
      moved(lng, lat);
    });
    return (longitude, latitude) => void marker.setLngLat([longitude, latitude]).addTo(this.map);
  }

  /** Draw the eye to a place for some seconds. */
  pulse(longitude: number, latitude: number): void {
    const marker = new Marker({ element: h("div", { class: "pulse", "aria-hidden": "true" }) });
    marker.setLngLat([longitude, latitude]).addTo(this.map);
    setTimeout(() => marker.remove(), PULSE_MS);
  }

  close(): void {
    this.stop();
    this.map.remove();
  }
}

function boundsOf(points: readonly (readonly [number, number])[]): LngLatBoundsLike {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The key lies in the upper left corner of a wide map. */
function margins(host: HTMLElement, maxZoom: number): { padding: PaddingOptions; maxZoom: number } {
  return { padding: { top: 44, right: 56, bottom: 44, left: host.clientWidth > 700 ? 140 : 40 }, maxZoom };
}
