/** All that pages follow: events, the network, picks as they come. Asked once for all pages, and kept fresh. */

import { parse } from "../format";
import { token } from "../settings";
import { Store } from "../store";
import { ask, json } from "./service";
import { listen, streamState, type Told } from "./stream";
import { code, preferred, size, type EventRow, type Network, type Pick, type ScreenPick, type WholeEvent } from "./types";

const EVENTS_MS = 30_000;
const EVENTS_WITHOUT_STREAM_MS = 5000;
const NETWORK_MS = 5000;
const PICKS_KEPT = 5000;

export const events = new Store<EventRow[] | null>(null);
export const network = new Store<Network | null>(null);
export const problem = new Store<string>("");
/** The latest picks of the stream. */
export const picks = new Store<ScreenPick[]>([]);
/** An event that the stream told of which was not known before. */
export const newEvent = new Store<EventRow | null>(null);

interface Columns {
  [name: string]: unknown[];
}

/** Rows of the answer of `/portal/data/events`. */
export function rows(columns: Columns): EventRow[] {
  const names = ["id", "time_ms", "latitude", "longitude", "depth_km", "magnitude", "magnitude_type", "event_type"];
  const all = [...names, "mode", "status", "arrivals", "place"].map((name) => columns[name]!);
  return all[0]!.map((_, k) => {
    const [id, time, latitude, longitude, depth, magnitude, magnitudeType, type, mode, status, arrivals, place] =
      all.map((column) => column[k]) as never[];
    return {
      ...{ id, time, latitude, longitude, depth, magnitude, magnitudeType },
      ...{ type, mode, status, arrivals, place: place! },
    } as unknown as EventRow;
  });
}

/** The row of an event as the stream tells it. */
export function rowOf(event: WholeEvent, place: string): EventRow {
  const [origin, magnitude] = [preferred(event), size(event)];
  return {
    id: event.event_id,
    time: Math.floor(parse(origin.time)),
    latitude: origin.latitude,
    longitude: origin.longitude,
    depth: origin.depth / 1000,
    magnitude: magnitude?.value ?? null,
    magnitudeType: magnitude?.magnitude_type ?? null,
    type: event.event_type,
    mode: origin.evaluation_mode,
    status: origin.evaluation_status,
    arrivals: origin.arrivals.length,
    place,
  };
}

/** Rows with one put in its place by time, the latest first, or taken out. */
export function withRow(all: readonly EventRow[], row: EventRow, retracted: boolean): EventRow[] {
  const others = all.filter((one) => one.id !== row.id);
  if (retracted) return others;
  const at = others.findIndex((one) => one.time <= row.time);
  others.splice(at < 0 ? others.length : at, 0, row);
  return others;
}

function take(told: Told): void {
  if (told.kind === "pick") {
    const { pick } = (told.data as { data: { pick: Pick } }).data;
    const one: ScreenPick = {
      id: pick.pick_id,
      station: code(pick.source_id),
      phase: pick.phase_hint,
      time_ms: parse(pick.time),
      probability: pick.probability,
      mode: pick.evaluation_mode,
    };
    picks.set([...picks.value.slice(-PICKS_KEPT), one]);
    return;
  }
  const { event, state } = (told.data as { data: { event: WholeEvent; state: string } }).data;
  const before = events.value ?? [];
  const known = before.find((one) => one.id === event.event_id);
  const row = rowOf(event, known?.place ?? "");
  events.set(withRow(before, row, state === "retracted"));
  if (!known && state !== "retracted") newEvent.set(row);
  // The name of a region comes with the next answer of the service.
  if (!known) void refresh();
}

let etag = "";

/** Ask for events again. */
export async function refresh(): Promise<void> {
  try {
    const answer = await ask("/portal/data/events", etag ? { headers: { "If-None-Match": etag } } : {}).catch(
      (error: { status?: number }) => {
        if (error.status === 304) return null;
        throw error;
      },
    );
    if (answer !== null) {
      etag = answer.headers.get("etag") ?? "";
      events.set(rows((await answer.json()) as Columns));
    }
    if (problem.value) problem.set("");
  } catch (error) {
    problem.set(error instanceof Error ? error.message : String(error));
  }
}

async function lookAtNetwork(): Promise<void> {
  try {
    network.set(await json<Network>("/portal/data/network"));
  } catch (error) {
    problem.set(error instanceof Error ? error.message : String(error));
  }
}

/** Begin to follow; the page does so once. */
export function follow(): void {
  void refresh();
  void lookAtNetwork();
  void listen(take);
  setInterval(() => void lookAtNetwork(), NETWORK_MS);
  let last = Date.now();
  setInterval(() => {
    const every = streamState.value === "open" ? EVENTS_MS : EVENTS_WITHOUT_STREAM_MS;
    if (Date.now() - last < every) return;
    last = Date.now();
    void refresh();
  }, 1000);
  token.follow((word) => {
    if (word) {
      void refresh();
      void lookAtNetwork();
    }
  });
}
