/** Seismograms that the service computes. */

import type { Fault } from "../science/mechanism";
import { ask, json } from "./service";

export type Kind = "displacement" | "velocity" | "acceleration";
export type Axes = "ZRT" | "ZNE";

export interface Source extends Fault {
  latitude: number;
  longitude: number;
  /** km below sea level. */
  depth: number;
  magnitude: number;
}

export interface Wanted {
  source: Source;
  stations: string[];
  kind: Kind;
  axes: Axes;
}

export interface Seismogram {
  network: string;
  station: string;
  distance: number;
  azimuth: number;
  start: string;
  sampling_rate_hz: number;
  components: Record<string, number[]>;
}

export interface Answer {
  seismograms: Seismogram[];
  unit: string;
  problems: string[];
}

/** When all sources of this page begin. */
export const ORIGIN = "2000-01-01T00:00:00Z";

function body({ source, stations, kind, axes }: Wanted, format: string): RequestInit {
  const { depth, ...others } = source;
  const asked = { sources: [{ ...others, depth: depth * 1000, time: ORIGIN }], stations, kind, components: axes, format };
  return { method: "POST", body: JSON.stringify(asked), headers: { "Content-Type": "application/json" } };
}

export function seismograms(wanted: Wanted, signal: AbortSignal): Promise<Answer> {
  return json<Answer>("/synthetics", { ...body(wanted, "json"), signal });
}

/** Have the browser keep a file of them. */
export async function download(wanted: Wanted, format: "miniseed" | "saczip"): Promise<void> {
  const answer = await ask("/synthetics", body(wanted, format));
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = format === "saczip" ? "synthetics-sac.zip" : "synthetics.mseed";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
