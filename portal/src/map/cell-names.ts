/** Which cells of ten degrees a view meets. */

export const CELL = 10;
const MOST = 24;

export interface Bounds {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** South-west corners of the cells that a view meets; none where there would be too many. */
export function cellsOf({ west, south, east, north }: Bounds): [number, number][] {
  const found: [number, number][] = [];
  for (let x = Math.floor(west / CELL) * CELL; x < east; x += CELL)
    for (let y = Math.floor(Math.max(south, -90) / CELL) * CELL; y < Math.min(north, 90); y += CELL) found.push([x, y]);
  return found.length > MOST ? [] : found;
}

