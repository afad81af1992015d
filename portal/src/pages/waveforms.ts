/** Traces of all stations, live or of any time that the archive holds, with picks as they come. */

import { network, events } from "../data/live";
import { code } from "../data/types";
import { h, select } from "../dom";
import { instant } from "../format";
import { t } from "../words";
import { followLive, Replay, trouble } from "../waves/feed";
import { WaveView } from "../waves/view";
import { closing, type Page } from "./page";

const SPANS = ["60", "120", "300", "600"] as const;
const SPEEDS = ["0", "1", "5", "20"] as const;
const LEAD_S = 20;

export const waveforms: Page = {
  title: "nav.waveforms",
  open(host, [start]) {
    const body = h("div", { class: "frame" });
    const bar = h("div", { class: "bar" });
    const said = h("p", { class: "count", role: "status" }, t("loading"));
    host.append(h("div", { class: "sheet full" }, h("h1", null, t("nav.waveforms")), bar, said, body));
    let close: () => void = () => undefined;
    let mode = "";
    const unfollow = network.follow((now) => {
      if (!now) return;
      const wanted = start ? "replay" : now.live ? "live" : now.waveforms ? "replay" : "none";
      if (wanted === mode) return;
      close();
      mode = wanted;
      bar.replaceChildren();
      body.replaceChildren();
      if (wanted === "none") {
        said.textContent = t("waves.none");
        close = () => undefined;
      } else close = wanted === "live" ? showLive(body, bar, said) : showReplay(body, bar, said, start);
    });
    return closing(unfollow, () => close());
  },
};

const names = () => (network.value?.stations ?? []).map(code);

function spanChoice(view: WaveView): HTMLElement {
  return select(t("waves.span"), SPANS.map((value) => [value, t("minutes", { count: Number(value) / 60 })] as const), "120", (value) => (view.span = Number(value)));
}

/** Live traces; also for the wall. */
export function showLive(body: HTMLElement, bar: HTMLElement | null, said: HTMLElement): () => void {
  const view = new WaveView(body, { span: 120 });
  view.stations(names());
  bar?.append(spanChoice(view));
  const words = (clock: number) => (said.textContent = trouble.value || `${t("waves.live")} · ${instant(clock)}`);
  const stop = followLive(view, words);
  return closing(stop, network.follow(() => view.stations(names())), trouble.follow((wrong) => wrong && (said.textContent = wrong)), () => view.close());
}

function showReplay(body: HTMLElement, bar: HTMLElement, said: HTMLElement, start: string | undefined): () => void {
  let replay: Replay | null = null;
  const view = new WaveView(body, { span: 120, clock: () => replay?.now() ?? null });
  view.stations(names());
  const extent = network.value!.waveforms ?? { start_ms: 0, end_ms: 0 };
  // Where nothing is named, from a little before the largest event: there is something to see.
  const within = (events.value ?? []).filter((one) => one.time >= extent.start_ms && one.time <= extent.end_ms);
  const largest = within.reduce<number | null>((best, one, k) => (best === null || (one.magnitude ?? -9) > (within[best]!.magnitude ?? -9) ? k : best), null);
  const first = start ? Number(start) : largest === null ? extent.start_ms + 120_000 : within[largest]!.time - LEAD_S * 1000;
  const input = h("input", {
    ...{ type: "datetime-local", step: 1, value: new Date(first).toISOString().slice(0, 19) },
    ...{ min: new Date(extent.start_ms).toISOString().slice(0, 19), max: new Date(extent.end_ms).toISOString().slice(0, 19) },
    onchange: () => play(Date.parse(`${input.value}Z`)),
  });
  let speed = 1;
  const play = (ms: number) => {
    if (!Number.isFinite(ms)) return;
    replay?.close();
    view.forget();
    replay = new Replay(view, ms / 1000, extent.end_ms / 1000);
    replay.speed = speed;
  };
  bar.append(
    h("label", { class: "field" }, h("span", null, t("waves.start")), input),
    spanChoice(view),
    select(t("waves.speed"), SPEEDS.map((value) => [value, value === "0" ? t("waves.pause") : `${value}×`] as const), "1", (value) => {
      speed = Number(value);
      if (replay) replay.speed = speed;
    }),
  );
  play(first);
  const timer = setInterval(() => (said.textContent = trouble.value || `${t("waves.replay")} · ${instant(view.now * 1000)}`), 250);
  return closing(network.follow(() => view.stations(names())), () => {
    clearInterval(timer);
    replay?.close();
    view.close();
  });
}
