/** One station: how it does, what came of it and what did not, its spectrum, its last picks. */

import type { Block } from "../data/blocks";
import { network, picks as streamed } from "../data/live";
import { iso, json, waveforms } from "../data/service";
import { code, type ScreenPick, type StationState } from "../data/types";
import { h, table } from "../dom";
import { chart, dot, path, type Chart } from "../draw/chart";
import { extent } from "../draw/scale";
import { clock, day, duration, instant, number, place } from "../format";
import { spectrum, type Spectrum } from "../science/spectrum";
import { colour } from "../settings";
import { t } from "../words";
import { closing, type Page } from "./page";

const HOUR_S = 3600;
const SPECTRUM_S = 300;
const LATENCIES = 720;
const INKS = ["p", "s", "muted"] as const;

export const station: Page = {
  title: "station.title",
  open(host, [name]) {
    const wanted = decodeURIComponent(name ?? "");
    const state = h("div");
    const gaps = h("section", null, h("h2", null, t("station.gaps")), h("p", { role: "status" }, t("loading")));
    const spectra = h("section", null, h("h2", null, t("station.spectrum")));
    const latest = h("section", null, h("h2", null, t("station.picks")), h("p", null, t("loading")));
    const sheet = h("div", { class: "sheet" }, h("h1", null, wanted), state, spectra, gaps, latest);
    host.append(sheet);
    const closers: (() => void)[] = [];
    const gone = new AbortController();
    const latencies: [number, number][] = [];
    let lag: Chart | null = null;
    let began = false;
    closers.push(
      network.follow((now) => {
        const one = now?.stations.find((each) => code(each) === wanted);
        if (!now) return;
        if (!one) {
          state.replaceChildren(h("p", { class: "notice" }, t("station.unknown")));
          return;
        }
        if (one.data_latency_s !== null) latencies.push([Date.now(), one.data_latency_s]);
        if (latencies.length > LATENCIES) latencies.shift();
        state.replaceChildren(facts(one));
        if (now.live && !lag) {
          lag = latencyChart(latencies);
          state.after(lag.element);
          closers.push(lag.close);
        }
        lag?.draw();
        if (began) return;
        began = true;
        const end = now.live?.data_time_ms ?? now.waveforms?.end_ms ?? Date.now();
        void showWaveforms(wanted, end, gaps, spectra, gone.signal).then((all) => closers.push(...all));
        void showPicks(wanted, end, latest, gone.signal).then((stop) => closers.push(stop));
      }),
    );
    return () => {
      gone.abort();
      closing(...closers)();
    };
  },
};

function facts(one: StationState): HTMLElement {
  const health = one.state === null ? t("health.unknown") : t(`health.${one.state}`);
  const rows: [string, string | HTMLElement][] = [
    [t("station.state"), h("span", { class: `health ${one.state ?? "none"}` }, health, one.words ? ` (${one.words})` : "")],
    [t("station.latency"), duration(one.data_latency_s)],
    [t("station.feed"), duration(one.feed_latency_s)],
    [t("station.place"), place(one.latitude, one.longitude)],
    [t("station.elevation"), `${number(one.elevation_m, 0)} m`],
  ];
  return h("dl", { class: "facts" }, ...rows.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

function latencyChart(latencies: [number, number][]): Chart {
  return chart(
    t("station.latency"),
    () => ({
      x: [latencies[0]?.[0] ?? Date.now(), Math.max(Date.now(), (latencies[0]?.[0] ?? 0) + 60_000)],
      y: [0, Math.max(5, ...latencies.map(([, value]) => value)) * 1.1],
      ...{ xWords: t("time"), yWords: t("station.seconds"), time: true },
    }),
    (frame) => {
      frame.context.strokeStyle = colour("p");
      frame.context.lineWidth = 2;
      path(frame, latencies);
      frame.context.fillStyle = colour("p");
      for (const [at, value] of latencies) dot(frame.context, frame.x(at), frame.y(value), 2.5);
    },
  );
}

async function showWaveforms(name: string, end: number, gaps: HTMLElement, spectra: HTMLElement, signal: AbortSignal): Promise<(() => void)[]> {
  const closers: (() => void)[] = [];
  try {
    const hour = { station: name, components: "all", start: iso(end - HOUR_S * 1000), end: iso(end), rate: 1 };
    const short = { station: name, components: "all", start: iso(end - SPECTRUM_S * 1000), end: iso(end) };
    const [long, samples] = await Promise.all([waveforms(hour, signal), waveforms(short, signal)]);
    const channels = [...new Set(long.blocks.map((block) => block.channel))].sort();
    if (!channels.length) {
      gaps.replaceChildren(h("h2", null, t("station.gaps")), h("p", null, t("waves.none")));
      return closers;
    }
    const found = presence(channels, long.blocks, end);
    const holes = channels.flatMap((channel) => gapsOf(long.blocks.filter((block) => block.channel === channel)).map((gap) => [channel, ...gap] as const));
    const words = holes.map(([channel, from, to]) => [channel, instant(from * 1000), duration(to - from)]);
    gaps.replaceChildren(
      h("h2", null, t("station.gaps")),
      found.element,
      words.length ? table(t("station.gaps"), [t("channel"), t("time"), t("station.length")], words) : h("p", null, t("station.nogaps")),
    );
    closers.push(found.close);
    const lines = channels.flatMap((channel) => {
      const best = samples.blocks.filter((block) => block.channel === channel).sort((a, b) => b.values.length - a.values.length)[0];
      const of = best && spectrum(best.values, best.rate);
      return of ? [[channel, of] as const] : [];
    });
    if (lines.length) {
      const drawn = spectrumChart(lines);
      spectra.append(drawn.element, key(lines.map(([channel]) => channel)));
      closers.push(drawn.close);
    } else spectra.append(h("p", null, t("waves.none")));
  } catch (error) {
    if (!signal.aborted) gaps.replaceChildren(h("h2", null, t("station.gaps")), h("p", { class: "notice" }, error instanceof Error ? error.message : String(error)));
  }
  return closers;
}

/** Where one block ends and the next begins later (s), for blocks of one channel in columns. */
export function gapsOf(blocks: readonly Block[]): [from: number, to: number][] {
  const spans = blocks.map((block) => [block.start, block.start + block.values.length / block.width / block.rate] as const).sort((a, b) => a[0] - b[0]);
  const found: [number, number][] = [];
  let until = spans[0]?.[1] ?? 0;
  for (const [from, to] of spans) {
    if (from - until > 0.5) found.push([until, from]);
    until = Math.max(until, to);
  }
  return found;
}

function presence(channels: string[], blocks: Block[], end: number): Chart {
  return chart(
    t("station.presence"),
    () => ({
      x: [end - HOUR_S * 1000, end],
      y: [channels.length - 0.5, -0.5],
      ...{ xWords: t("time"), yWords: "", time: true },
      yText: (value) => channels[value]?.split(".").at(-1) ?? "",
    }),
    ({ context, x, y }) => {
      context.fillStyle = colour("p");
      for (const block of blocks) {
        const [row, seconds] = [channels.indexOf(block.channel), block.values.length / block.width / block.rate];
        const height = Math.abs(y(0) - y(1)) * 0.6;
        context.fillRect(x(block.start * 1000), y(row) - height / 2, Math.max(1, x((block.start + seconds) * 1000) - x(block.start * 1000)), height);
      }
    },
  );
}

function spectrumChart(lines: (readonly [string, Spectrum])[]): Chart {
  const points = lines.map(([, { frequencies, power }]) =>
    [...frequencies].map((frequency, k) => [Math.log10(frequency), 10 * Math.log10(power[k]!)] as const).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)),
  );
  return chart(
    t("station.power"),
    () => ({
      x: extent(points.flat().map(([x]) => x), 0),
      y: extent(points.flat().map(([, y]) => y)),
      ...{ xWords: t("station.frequency"), yWords: "dB" },
      xText: (value) => (Number.isInteger(value) ? String(10 ** value) : Number.isInteger(value * 2) ? String(Number((10 ** value).toPrecision(1))) : ""),
    }),
    (frame) =>
      points.forEach((line, k) => {
        frame.context.strokeStyle = colour(INKS[k % INKS.length]!);
        frame.context.lineWidth = 1.5;
        path(frame, line);
      }),
  );
}

function key(channels: string[]): HTMLElement {
  const items = channels.map((channel, k) => h("li", null, h("i", { class: `swatch ${INKS[k % INKS.length]}`, "aria-hidden": "true" }), channel));
  return h("ul", { class: "legend flat" }, ...items);
}

async function showPicks(name: string, end: number, host: HTMLElement, signal: AbortSignal): Promise<() => void> {
  const query = `/portal/data/picks?station=${encodeURIComponent(name)}&start=${iso(end - 24 * HOUR_S * 1000)}&end=${iso(end)}`;
  const stored = await json<{ picks: ScreenPick[] }>(query, { signal }).catch(() => ({ picks: [] }));
  return streamed.follow((now) => {
    const all = [...stored.picks, ...now.filter((one) => one.station === name)];
    const latest = [...new Map(all.map((one) => [one.id, one])).values()].sort((a, b) => b.time_ms - a.time_ms).slice(0, 20);
    const rows = latest.map((one) => [one.phase, `${day(one.time_ms)} ${clock(one.time_ms)}${((one.time_ms % 1000) / 1000).toFixed(2).slice(1)}`, number(one.probability, 2), one.mode === "manual" ? t("mode.manual") : t("mode.automatic")]);
    const heads = [t("phase"), t("time"), t("probability"), t("mode")];
    host.replaceChildren(h("h2", null, t("station.picks")), rows.length ? table(t("station.picks"), heads, rows, new Set([2])) : h("p", null, t("station.nopicks")));
  });
}

