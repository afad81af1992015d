/** The finer map, in cells of ten degrees that are asked for when they come into sight. */

import { json } from "../data/service";
import { CELL, cellsOf, type Bounds } from "./cell-names";

/** Holds the cells that were asked for. */
export class Cells {
  private readonly asked = new Set<string>();
  private readonly features: GeoJSON.Feature[] = [];

  constructor(private readonly show: (all: GeoJSON.FeatureCollection) => void) {}

  /** Ask for what a view lacks. */
  async look(bounds: Bounds): Promise<void> {
    const missing = cellsOf(bounds).filter(([west, south]) => !this.asked.has(`${west} ${south}`));
    await Promise.all(
      missing.map(async ([west, south]) => {
        this.asked.add(`${west} ${south}`);
        await this.take(west, south).catch(() => this.asked.delete(`${west} ${south}`));
      }),
    );
  }

  private async take(west: number, south: number): Promise<void> {
    // Beyond 180 degrees the map goes on; the service knows each place once.
    const turn = Math.floor((west + 180) / 360) * 360;
    const found = await json<GeoJSON.FeatureCollection>(`/portal/data/basemap?west=${west - turn}&south=${south}`);
    const corners = [
      [west, south],
      [west + CELL, south],
      [west + CELL, south + CELL],
      [west, south + CELL],
      [west, south],
    ];
    const sea = { type: "Polygon" as const, coordinates: [corners] };
    this.features.push({ type: "Feature", properties: { kind: "sea" }, geometry: sea });
    for (const one of found.features) this.features.push(turn ? turned(one, turn) : one);
    this.show({ type: "FeatureCollection", features: this.features });
  }
}

function turned(feature: GeoJSON.Feature, turn: number): GeoJSON.Feature {
  const moved = JSON.parse(JSON.stringify(feature), (_, value: unknown) =>
    Array.isArray(value) && typeof value[0] === "number" ? [(value[0] as number) + turn, value[1]] : value,
  ) as GeoJSON.Feature;
  return moved;
}
