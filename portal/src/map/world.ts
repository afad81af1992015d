/** The outline of the world that travels with the page, as GeoJSON. */

import address from "virtual:world";

interface World {
  step: number;
  arcs: number[][];
  land: number[][][];
  borders: number[];
}

type Position = [number, number];

/** Land, coasts and borders by `kind`, as the pieces of the finer map have them. */
export async function world(): Promise<GeoJSON.FeatureCollection> {
  return decoded((await (await fetch(address)).json()) as World);
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
  const coasts = lines.filter((_, arc) => !within.has(arc)).filter((points) => !isSeam(points));
  return {
    type: "FeatureCollection",
    features: [
      feature("land", { type: "MultiPolygon", coordinates: land.map((polygon) => polygon.map(ring)) }),
      feature("coast", { type: "MultiLineString", coordinates: coasts }),
      feature("border", { type: "MultiLineString", coordinates: borders.map((arc) => lines[arc]!) }),
    ],
  };
}

/** Whether a line runs along 180 degrees or the pole, where there is no coast. */
function isSeam(points: Position[]): boolean {
  return points.every(([x, y]) => Math.abs(x) > 179.9 || y < -89.9);
}

function feature(kind: string, geometry: GeoJSON.Geometry): GeoJSON.Feature {
  return { type: "Feature", properties: { kind }, geometry };
}
