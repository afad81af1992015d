/** What stations recorded of an event, from near to far, with its picks, which an analyst may drag. */

import { draftPicks } from "../review/draft";
import type { Draft } from "../review/draft";
import { iso, waveforms } from "../data/service";
import type { Block } from "../data/blocks";
import { stationOf } from "../data/blocks";
import { code, type Arrival, type Origin } from "../data/types";
import { h } from "../dom";
import { line } from "../draw/chart";
import { sketch } from "../draw/canvas";
import { scale, ticks, type Scale } from "../draw/scale";
import { parse, number } from "../format";
import { band } from "../science/band";
import { colour } from "../settings";
import { t } from "../words";

const [MOST, ROW, LEFT, TOP, BOTTOM] = [40, 34, 112, 8, 40];
/** Corners (Hz) of the band that is drawn. */
const BAND = [1, 15] as const;
const WARM_UP_S = 10;
const NEAR = 7;

interface Row {
  station: string;
  distance: number;
}

interface Trace {
  /** Seconds after the origin of the first sample. */
  start: number;
  rate: number;
  samples: Float64Array;
}

/** Stations of an origin's arrivals, the nearest first; of many, some evenly chosen. */
export function rowsOf(origin: Origin): Row[] {
  const found = new Map<string, number>();
  for (const one of origin.arrivals) found.set(code(one), Math.min(one.distance, found.get(code(one)) ?? Infinity));
  const rows = [...found].map(([station, distance]) => ({ station, distance })).sort((a, b) => a.distance - b.distance);
  if (rows.length <= MOST) return rows;
  return Array.from({ length: MOST }, (_, k) => rows[Math.round((k * (rows.length - 1)) / (MOST - 1))]!);
}

/** The figure; `draft` holds the picks and where they are now. */
export function recordSection(origin: Origin, draft: Draft): { element: HTMLElement; close: () => void } {
  const rows = rowsOf(origin);
  const zero = parse(origin.time);
  const traces = new Map<string, Trace[]>();
  const places = new Map(rows.map((row, k) => [row.station, TOP + ROW * (k + 0.5)]));
  const last = Math.max(10, ...draftPicks(draft).map((one) => (one.time - zero) / 1000)) * 1.15 + 3;
  let x: Scale = scale([-0.06 * last, last], [LEFT, 100]);
  const said = h("p", { class: "count", role: "status" }, t("loading"));

  const made = sketch(t("section.label", { count: rows.length }), (context, width, height) => {
    x = scale([-0.06 * last, last], [LEFT, width - 10]);
    context.strokeStyle = colour("grid");
    context.fillStyle = colour("muted");
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const value of ticks(x.domain[0], x.domain[1], width / 80)) {
      line(context, x(value), TOP, x(value), height - BOTTOM);
      context.fillText(number(value, 0), x(value), height - BOTTOM + 5);
    }
    context.fillText(t("section.seconds"), (LEFT + width) / 2, height - BOTTOM + 21);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const { station, distance } of rows)
      context.fillText(`${station}  ${number(distance / 1000, 0)}`, LEFT - 8, places.get(station)!);
    context.strokeStyle = colour("trace");
    context.lineWidth = 0.8;
    for (const [station, own] of traces) wiggles(context, own, x, places.get(station)!, width - 10);
    for (const one of draftPicks(draft)) {
      const y = places.get(one.station);
      if (y === undefined) continue;
      context.strokeStyle = colour(one.phase.startsWith("S") ? "s" : "p");
      context.lineWidth = one.changed ? 3.5 : 2;
      context.setLineDash(one.used ? [] : [3, 3]);
      const at = x((one.time - zero) / 1000);
      line(context, at, y - ROW * 0.42, at, y + ROW * 0.42);
    }
    context.setLineDash([]);
  });
  made.canvas.style.height = `${TOP + ROW * rows.length + BOTTOM}px`;

  let held: string | null = null;
  made.canvas.addEventListener("pointerdown", (event) => {
    if (!draft.open.value) return;
    const near = draftPicks(draft)
      .filter((one) => Math.abs((places.get(one.station) ?? -99) - event.offsetY) < ROW / 2)
      .map((one) => [Math.abs(x((one.time - zero) / 1000) - event.offsetX), one.id] as const)
      .sort((a, b) => a[0] - b[0])[0];
    if (!near || near[0] > NEAR) return;
    held = near[1];
    made.canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  made.canvas.addEventListener("pointermove", (event) => {
    if (held) draft.move(held, zero + x.invert(event.offsetX) * 1000);
  });
  made.canvas.addEventListener("pointerup", () => (held = null));

  const gone = new AbortController();
  const span = { start: iso(zero - (0.06 * last + WARM_UP_S) * 1000), end: iso(zero + last * 1000) };
  void waveforms({ ...span, station: rows.map((row) => row.station).join(",") }, gone.signal)
    .then(({ blocks }) => {
      for (const block of chosen(blocks)) {
        const trace = { start: block.start - zero / 1000, rate: block.rate, samples: band(block.values, block.rate, ...BAND) };
        const station = stationOf(block.channel);
        traces.set(station, [...(traces.get(station) ?? []), trace]);
      }
      said.textContent = blocks.length ? t("section.words", { low: BAND[0], high: BAND[1] }) : t("section.none");
      made.draw();
    })
    .catch((error: Error) => {
      if (!gone.signal.aborted) said.textContent = error.message;
    });
  const unfollow = draft.picks.follow(() => {
    made.canvas.classList.toggle("draggable", draft.open.value);
    made.draw();
  });
  const element = h("figure", { class: "section" }, h("h2", null, t("section.title")), made.canvas, said);
  return {
    element,
    close: () => {
      gone.abort();
      unfollow();
      made.close();
    },
  };
}

/** Of each station one channel, the first by name. */
function chosen(blocks: Block[]): Block[] {
  const first = new Map<string, string>();
  for (const { channel } of blocks) {
    const before = first.get(stationOf(channel));
    if (before === undefined || channel < before) first.set(stationOf(channel), channel);
  }
  return blocks.filter((block) => first.get(stationOf(block.channel)) === block.channel);
}

/** Traces of one station, to their own largest swing, as columns of the screen. */
function wiggles(context: CanvasRenderingContext2D, own: Trace[], x: Scale, y: number, right: number): void {
  const [begin, end] = x.domain;
  let most = 0;
  for (const { start, rate, samples } of own)
    for (let k = Math.max(0, Math.ceil((begin - start) * rate)); k < Math.min(samples.length, (end - start) * rate); k += 1)
      most = Math.max(most, Math.abs(samples[k]!));
  if (!most) return;
  const height = (ROW * 0.46) / most;
  context.beginPath();
  for (const { start, rate, samples } of own) {
    let k = Math.max(0, Math.ceil((begin - start) * rate));
    let pen = false;
    for (let column = Math.floor(x(start + k / rate)); column <= right && k < samples.length; column += 1) {
      let [low, high] = [Infinity, -Infinity];
      for (; k < samples.length && x(start + k / rate) < column + 1; k += 1) {
        low = Math.min(low, samples[k]!);
        high = Math.max(high, samples[k]!);
      }
      if (low > high) continue;
      if (pen) context.lineTo(column, y - high * height);
      else context.moveTo(column, y - high * height);
      context.lineTo(column, y - low * height);
      pen = true;
    }
  }
  context.stroke();
}

/** Arrivals in order of distance. */
export function inOrder(arrivals: readonly Arrival[]): Arrival[] {
  return [...arrivals].sort((a, b) => a.distance - b.distance || a.station.localeCompare(b.station) || a.phase.localeCompare(b.phase));
}
