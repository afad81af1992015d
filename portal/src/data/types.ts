/** What the service tells, as far as the portal looks at it. */

export interface EventRow {
  id: string;
  time: number;
  latitude: number;
  longitude: number;
  depth: number;
  magnitude: number | null;
  magnitudeType: string | null;
  type: string;
  mode: string;
  status: string;
  arrivals: number;
  place: string;
}

export interface Arrival {
  pick_id: string;
  network: string;
  station: string;
  phase: string;
  distance: number;
  azimuth: number;
  time_residual: number;
  weight: number;
}

export interface Origin {
  origin_id: string;
  time: string;
  latitude: number;
  longitude: number;
  depth: number;
  arrivals: Arrival[];
  uncertainty: { semi_major: number; semi_minor: number; semi_major_azimuth: number; depth_95: number; time_95: number } | null;
  azimuthal_gap: number | null;
  standard_error: number | null;
  earth_model: string;
  method: string;
  evaluation_mode: string;
  evaluation_status: string;
}

export interface StationMagnitude {
  source_id: SourceId;
  magnitude_type: string;
  value: number;
  weight: number;
}

export interface Magnitude {
  magnitude_id: string;
  magnitude_type: string;
  value: number;
  uncertainty: number | null;
  station_magnitudes: StationMagnitude[];
}

export interface SourceId {
  network: string;
  station: string;
  location: string;
  band: string;
  source: string;
  subsource: string;
}

export interface Pick {
  pick_id: string;
  source_id: SourceId;
  phase_hint: string;
  time: string;
  probability: number;
  evaluation_mode: string;
}

export interface WholeEvent {
  event_id: string;
  origins: Origin[];
  magnitudes: Magnitude[];
  preferred_origin_id: string | null;
  preferred_magnitude_id: string | null;
  event_type: string;
  mechanisms: { mechanism_id: string; planes: { strike: number; dip: number; rake: number }[] }[];
  preferred_mechanism_id: string | null;
}

export interface EventDetail {
  event: WholeEvent;
  picks: Pick[];
  superseded: Origin[];
  place: string;
}

export interface StationState {
  network: string;
  station: string;
  latitude: number;
  longitude: number;
  elevation_m: number;
  state: "ok" | "silent" | "late" | "clock" | null;
  words: string;
  data_latency_s: number | null;
  feed_latency_s: number | null;
}

export interface Network {
  title: string;
  terms: string;
  stations: StationState[];
  waveforms: { start_ms: number; end_ms: number } | null;
  live: { data_time_ms: number | null; picks_per_minute: number | null } | null;
  /** What seismograms can be computed of; null where none can. */
  synthetics: { model: string; depths_km: [number, number]; distances_km: number[]; band_hz: [number, number] } | null;
}

export interface ScreenPick {
  id: string;
  station: string;
  phase: string;
  time_ms: number;
  probability: number;
  mode: string;
}

/** The preferred origin, else the first. */
export function preferred(event: WholeEvent): Origin {
  return event.origins.find((one) => one.origin_id === event.preferred_origin_id) ?? event.origins[0]!;
}

/** The preferred magnitude, if there is one. */
export function size(event: WholeEvent): Magnitude | null {
  return event.magnitudes.find((one) => one.magnitude_id === event.preferred_magnitude_id) ?? null;
}

export const code = (one: { network: string; station: string }) => `${one.network}.${one.station}`;
