/** The outline of the world that travels with the page, as GeoJSON. */

import address from "virtual:world";

interface World {
  step: number;
  arcs: number[][];
  land: number[][][];
  borders: number[];
}

type Position = [number, number];

let outline: Promise<GeoJSON.FeatureCollection> | null = null;

/** Land, coasts and borders by `kind`, as the pieces of the finer map have them. */
export function world(): Promise<GeoJSON.FeatureCollection> {
  return (outline ??= fetch(address).then(async (answer) => decoded((await answer.json()) as World)));
}

export function decoded({ step, arcs, land, borders }: World): GeoJSON.FeatureCollection {
  const lines = arcs.map((steps) => {
    let [x, y] = [0, 0];
    const points: Position[] = [];
    for (let k = 0; k < steps.length; k += 2) {
      x += steps[k]!;
      y += steps[k + 1]!;
      points.push([x * step, y * step]);
    }
    return points;
  });
  const ring = (parts: number[]): Position[] =>
    parts.flatMap((arc, k) => {
      const points = arc < 0 ? [...lines[~arc]!].reverse() : lines[arc]!;
      return k ? points.slice(1) : points;
    });
  const within = new Set(borders);
  const coasts = lines.filter((_, arc) => !within.has(arc)).flatMap(parts);
  return {
    type: "FeatureCollection",
    features: [
      feature("land", { type: "MultiPolygon", coordinates: land.map((polygon) => polygon.map(ring)) }),
      feature("coast", { type: "MultiLineString", coordinates: coasts }),
      feature("border", { type: "MultiLineString", coordinates: borders.map((arc) => lines[arc]!) }),
    ],
  };
}

/** A line without what runs along 180 degrees or the pole, or jumps across the map, where there is no coast. */
function parts(points: Position[]): Position[][] {
  const found: Position[][] = [[]];
  points.forEach((point, k) => {
    const before = points[k - 1];
    const seam = (at: Position) => Math.abs(at[0]) > 179.9 || at[1] < -89.9;
    if (before && (Math.abs(point[0] - before[0]) > 180 || (seam(point) && seam(before)))) found.push([]);
    found.at(-1)!.push(point);
  });
  return found.filter((part) => part.length > 1);
}

function feature(kind: string, geometry: GeoJSON.Geometry): GeoJSON.Feature {
  return { type: "Feature", properties: { kind }, geometry };
}
