/** How the map looks; its colours are those of the page. */

import type { DataDrivenPropertyValueSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import { AGES, DEPTHS, type Colouring } from "../draw/palette";
import { colour } from "../settings";

/** The finer map is there from this zoom on, the outline of the world up to that one. */
export const FINE = 4.5;
export const COARSE = 6;

const NONE: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };


type Paint = [layer: string, property: string, value: unknown];

/** What of the layers' paint depends on light or dark. */
export function paints(): Paint[] {
  const state = (name: string) => colour(`health-${name}`);
  return [
    ["sea", "background-color", colour("sea")],
    ["world-land", "fill-color", colour("land")],
    ["world-coast", "line-color", colour("coast")],
    ["world-border", "line-color", colour("border")],
    ["cell-sea", "fill-color", colour("sea")],
    ["cell-land", "fill-color", colour("land")],
    ["cell-coast", "line-color", colour("coast")],
    ["cell-border", "line-color", colour("border")],
    ["events", "circle-stroke-color", colour("ring")],
    ["chosen", "circle-stroke-color", colour("ink")],
    ["box", "line-color", colour("accent")],
    ["ellipse", "line-color", colour("accent")],
    [
      "stations",
      "text-color",
      ["match", ["get", "state"], ...["ok", "late", "silent", "clock"].flatMap((one) => [one, state(one)]), state("none")],
    ],
    ["stations", "text-halo-color", colour("panel")],
    ["codes", "text-color", colour("ink")],
    ["codes", "text-halo-color", colour("panel")],
    ["rays", "line-color", colour("muted")],
  ];
}

/** The colour of an event by depth or age. */
export function colouring(by: Colouring): DataDrivenPropertyValueSpecification<string> {
  const steps = by === "depth" ? DEPTHS : AGES;
  const rest = steps.slice(1).flatMap(([, words], k) => [steps[k]![0], words]);
  return ["step", ["get", by], steps[0]![1], ...rest] as never;
}

function lines(id: string, source: string, kind: string, width: number, dashes?: number[]): LayerSpecification {
  return {
    ...{ id, source, type: "line", filter: ["==", ["get", "kind"], kind] },
    layout: { "line-join": "round" },
    paint: { "line-width": width, ...(dashes ? { "line-dasharray": dashes } : {}) },
  } as LayerSpecification;
}

function area(id: string, source: string, kind: string): LayerSpecification {
  return { id, source, type: "fill", filter: ["==", ["get", "kind"], kind], paint: { "fill-antialias": false } };
}

export function style(by: Colouring): StyleSpecification {
  const empty = { type: "geojson" as const, data: NONE };
  const layers: LayerSpecification[] = [
    { id: "sea", type: "background" },
    { ...area("world-land", "world", "land"), maxzoom: COARSE },
    { ...lines("world-coast", "world", "coast", 0.7), maxzoom: COARSE },
    { ...lines("world-border", "world", "border", 0.6, [4, 3]), maxzoom: COARSE },
    area("cell-sea", "cells", "sea"),
    area("cell-land", "cells", "land"),
    lines("cell-coast", "cells", "coast", 0.9),
    lines("cell-border", "cells", "border", 0.8, [4, 3]),
    lines("rays", "extras", "ray", 0.7),
    lines("box", "extras", "box", 1.5),
    lines("ellipse", "extras", "ellipse", 1.5),
    {
      id: "stations",
      source: "stations",
      type: "symbol",
      layout: {
        "text-field": "▲",
        "text-font": ["sans-serif"],
        "text-size": ["interpolate", ["linear"], ["zoom"], 4, 10, 9, 17],
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-halo-width": 1.2 },
    },
    {
      id: "events",
      source: "events",
      type: "circle",
      layout: { "circle-sort-key": ["-", 0, ["get", "radius"]] },
      paint: {
        "circle-radius": ["get", "radius"],
        "circle-color": colouring(by),
        "circle-opacity": 0.82,
        "circle-stroke-width": 0.8,
      },
    },
    {
      id: "chosen",
      source: "events",
      type: "circle",
      filter: ["==", ["get", "id"], ""],
      paint: { "circle-radius": ["+", ["get", "radius"], 4], "circle-opacity": 0, "circle-stroke-width": 2.5 },
    },
    {
      id: "codes",
      source: "stations",
      type: "symbol",
      minzoom: 7.5,
      layout: {
        "text-field": ["get", "code"],
        "text-font": ["sans-serif"],
        "text-size": 11,
        "text-offset": [0, 1.1],
        "text-optional": true,
      },
      paint: { "text-halo-width": 1.4 },
    },
  ];
  const coloured = structuredClone(layers) as { id: string; paint?: Record<string, unknown> }[];
  for (const [id, property, value] of paints()) {
    const layer = coloured.find((one) => one.id === id)!;
    layer.paint = { ...layer.paint, [property]: value };
  }
  return {
    version: 8,
    sources: { world: empty, cells: empty, events: empty, stations: empty, extras: empty },
    layers: coloured as LayerSpecification[],
  };
}
