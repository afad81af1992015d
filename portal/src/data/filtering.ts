/** Which events fit a filter. */

import type { EventRow } from "./types";

export type Box = [west: number, south: number, east: number, north: number];

export interface Filter {
  /** The last so many hours; null for all. */
  hours: number | null;
  /** From and until when (ms). */
  from: number | null;
  to: number | null;
  least: number | null;
  most: number | null;
  box: Box | null;
}

export const ALL: Filter = { hours: null, from: null, to: null, least: null, most: null, box: null };
/** The events that fit, in their order. An event of unknown size fits where no magnitude is asked for. */
export function fitting(rows: readonly EventRow[], wanted: Filter, now = Date.now()): EventRow[] {
  const since = wanted.hours === null ? -Infinity : now - wanted.hours * 3_600_000;
  const from = Math.max(since, wanted.from ?? -Infinity);
  const to = wanted.to ?? Infinity;
  return rows.filter(
    (one) =>
      one.time >= from &&
      one.time <= to &&
      (wanted.least === null || (one.magnitude ?? -Infinity) >= wanted.least) &&
      (wanted.most === null || (one.magnitude ?? Infinity) <= wanted.most) &&
      (wanted.box === null || within(one, wanted.box)),
  );
}

function within(one: EventRow, [west, south, east, north]: Box): boolean {
  const between = west <= east ? one.longitude >= west && one.longitude <= east : one.longitude >= west || one.longitude <= east;
  return between && one.latitude >= south && one.latitude <= north;
}
