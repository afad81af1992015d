// Makes the outline of the world of world-atlas (Natural Earth 1:50,000,000, public domain) small enough to travel.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Degrees to which positions are rounded: as much as is seen before the finer map of the service takes over. */
const STEP = 0.04;

interface Geometry {
  type: string;
  arcs: never;
  geometries?: Geometry[];
}

function polygons(geometry: Geometry): number[][][] {
  if (geometry.type === "GeometryCollection") return geometry.geometries!.flatMap(polygons);
  return geometry.type === "Polygon" ? [geometry.arcs] : geometry.arcs;
}

/** `arcs`: first point then steps, in units of `step`; `land`: polygons of rings of arcs (~i is arc i backwards). */
export function world(): string {
  const path = createRequire(import.meta.url).resolve("world-atlas/countries-50m.json");
  const topology = JSON.parse(readFileSync(path, "utf8"));
  const [scale, shift] = [topology.transform.scale, topology.transform.translate];
  const arcs = topology.arcs.map((arc: number[][]) => {
    let [x, y, beforeX, beforeY] = [0, 0, 0, 0];
    const steps: number[] = [];
    arc.forEach(([dx, dy], index) => {
      x += dx!;
      y += dy!;
      const column = Math.round((x * scale[0] + shift[0]) / STEP);
      const row = Math.round((y * scale[1] + shift[1]) / STEP);
      const last = index === arc.length - 1;
      if (index === 0 || last || column !== beforeX || row !== beforeY) steps.push(column - beforeX, row - beforeY);
      [beforeX, beforeY] = [column, row];
    });
    return steps;
  });
  const uses = new Array<number>(arcs.length).fill(0);
  for (const polygon of polygons(topology.objects.countries))
    for (const ring of polygon) for (const arc of ring) uses[arc < 0 ? ~arc : arc]! += 1;
  const borders = uses.flatMap((count, arc) => (count > 1 ? [arc] : []));
  return JSON.stringify({ step: STEP, arcs, land: polygons(topology.objects.land), borders });
}
