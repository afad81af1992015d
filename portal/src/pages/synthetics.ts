/** What stations would record of a source: put it on the map, turn its ball, see and keep the seismograms. */

import { events, network } from "../data/live";
import { download, seismograms, type Answer, type Axes, type Kind, type Source, type Wanted } from "../data/synthetics";
import { code, type Network } from "../data/types";
import { h, select } from "../dom";
import { ballSketch, drawBall } from "../draw/ball";
import { sketch } from "../draw/canvas";
import { number } from "../format";
import { otherPlane, type Fault } from "../science/mechanism";
import { Store } from "../store";
import { t, type Key } from "../words";
import { closing, type Page } from "./page";
import { notice } from "./parts";
import { figure } from "./seismograms";

const MOST = 40;
const WAIT_MS = 120;
const METRES = 111_195;
const MARK = 40;
const FAULTS: readonly [Key, Fault][] = [
  ["synthetics.strike-slip", { strike: 320, dip: 90, rake: 180 }],
  ["synthetics.thrust", { strike: 320, dip: 30, rake: 90 }],
  ["synthetics.normal", { strike: 320, dip: 60, rake: -90 }],
];
const FIELDS: readonly [keyof Source, Key, number, number, number][] = [
  ["latitude", "latitude", -90, 90, 3],
  ["longitude", "longitude", -180, 180, 3],
  ["depth", "depth.km", 0, 700, 1],
  ["magnitude", "magnitude", 0, 9, 1],
  ["strike", "synthetics.strike", 0, 360, 0],
  ["dip", "synthetics.dip", 0, 90, 0],
  ["rake", "synthetics.rake", -180, 180, 0],
];

export const synthetics: Page = {
  title: "nav.synthetics",
  open(host, rest) {
    const sheet = h("div", { class: "sheet wide" }, h("h1", null, t("nav.synthetics")));
    host.append(sheet);
    let close: (() => void) | null = null;
    const unfollow = network.follow((now) => {
      if (!now || close) return;
      if (now.synthetics) close = begin(sheet, now, rest);
      else sheet.replaceChildren(h("h1", null, t("nav.synthetics")), h("p", { class: "empty" }, t("synthetics.missing")));
    });
    return () => {
      unfollow();
      close?.();
    };
  },
};

function begin(sheet: HTMLElement, now: Network, rest: string[]): () => void {
  const able = now.synthetics!;
  const source = new Store<Source>(fromAddress(rest, middle(now)));
  const [kind, axes] = [new Store<Kind>("velocity"), new Store<Axes>("ZRT")];
  const [said, state] = [notice(), h("p", { class: "said", role: "status" }, t("loading"))];
  const shown = figure();
  let answer: Answer | null = null;
  let alone = "Z";
  const change = (some: Partial<Source>) => source.set({ ...source.value, ...some });
  const wanted = (): Wanted => ({ source: source.value, stations: nearest(now, source.value), kind: kind.value, axes: axes.value });

  const ball = ballSketch(t("synthetics.ball"), () => source.value, (fault) => change(rounded(fault)));
  const inputs = fields(source, able.depths_km);
  const planes = h("p", { class: "count" });
  const keep = (format: "miniseed" | "saczip", words: string) =>
    h("button", { type: "button", onclick: () => void download(wanted(), format).catch((error: Error) => (state.textContent = error.message)) }, words);
  const one = h("div", { class: "alone" });
  const choices = () =>
    one.replaceChildren(
      select(t("synthetics.component"), [...axes.value].map((name) => [name, name] as const), alone, (name) => {
        alone = name;
        if (answer) shown.show(answer, alone);
      }),
    );
  const place = h("div", { class: "map small" });
  sheet.replaceChildren(
    h("h1", null, t("nav.synthetics")),
    said.element,
    h("p", { class: "hint" }, t("synthetics.hint", { model: able.model, low: number(able.band_hz[0], 2), high: number(able.band_hz[1], 2) })),
    h(
      "div",
      { class: "source" },
      place,
      h(
        "form",
        { class: "asked", "aria-label": t("synthetics.source"), onsubmit: (event) => event.preventDefault() },
        h(
          "div",
          { class: "turn" },
          ball.canvas,
          h(
            "div",
            { class: "presets" },
            ...FAULTS.map(([words, fault]) => h("button", { type: "button", onclick: () => change(fault) }, t(words))),
            h("button", { type: "button", onclick: () => change(rounded(otherPlane(source.value))) }, t("synthetics.other")),
          ),
        ),
        inputs.element,
        planes,
      ),
    ),
    h(
      "div",
      { class: "bar" },
      select(t("synthetics.kind"), (["displacement", "velocity", "acceleration"] as const).map((name) => [name, t(`synthetics.${name}`)] as const), kind.value, (name) => kind.set(name)),
      select(t("synthetics.axes"), [["ZRT", "Z R T"], ["ZNE", "Z N E"]] as const, axes.value, (name) => axes.set(name)),
      one,
      keep("miniseed", t("synthetics.miniseed")),
      keep("saczip", t("synthetics.sac")),
    ),
    state,
    shown.element,
  );

  let [timer, asked]: [number, AbortController | null] = [0, null];
  const ask = async (): Promise<void> => {
    asked?.abort();
    const mine = (asked = new AbortController());
    try {
      answer = await seismograms(wanted(), mine.signal);
      if (mine.signal.aborted) return;
      shown.show(answer, alone);
      const [count, all] = [answer.seismograms.length, now.stations.length];
      state.textContent = t(count < all ? "synthetics.fewer" : "synthetics.count", { count, all });
    } catch (error) {
      if (mine.signal.aborted) return;
      answer = null;
      shown.show({ seismograms: [], unit: "m", problems: [] }, alone);
      state.textContent = error instanceof Error ? error.message : String(error);
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), WAIT_MS);
  };
  let [closed, closeMap]: [boolean, () => void] = [false, () => undefined];
  void drawMap(place, now, source, change, () => closed).then((close) => (closed ? close() : (closeMap = close)));
  return closing(
    said.close,
    source.follow((value) => {
      ball.draw();
      const other = otherPlane(value);
      planes.textContent = t("synthetics.planes", { strike: number(other.strike, 0), dip: number(other.dip, 0), rake: number(other.rake, 0) });
      history.replaceState(null, "", toAddress(value));
      soon();
    }),
    kind.follow(soon),
    axes.follow((name) => {
      if (!name.includes(alone)) alone = "Z";
      choices();
      soon();
    }),
    () => {
      closed = true;
      clearTimeout(timer);
      asked?.abort();
      closeMap();
    },
    inputs.close,
    ball.close,
    shown.close,
  );
}

/** Where the source is, on a map that moves it when it is pressed. */
async function drawMap(host: HTMLElement, now: Network, source: Store<Source>, change: (some: Partial<Source>) => void, closed: () => boolean): Promise<() => void> {
  const { LiveMap } = await import("../map/map");
  if (closed()) return () => undefined;
  const places = now.stations.map((station) => [station.longitude, station.latitude] as const);
  let map: InstanceType<typeof LiveMap>;
  try {
    map = new LiveMap(host, t("synthetics.map"), "depth", [...places, [source.value.longitude, source.value.latitude]], ({ event, place }) => {
      const row = events.value?.find((one) => one.id === event);
      if (row) change({ latitude: round(row.latitude, 3), longitude: round(row.longitude, 3), depth: round(row.depth, 1), ...(row.magnitude === null ? {} : { magnitude: round(row.magnitude, 1) }) });
      else change({ longitude: round(place[0], 3), latitude: round(place[1], 3) });
    });
  } catch {
    host.append(h("p", { class: "empty" }, t("synthetics.nomap")));
    return () => undefined;
  }
  const small = sketch("", (context, width, height) => drawBall(context, source.value, width / 2, height / 2, MARK / 2 - 3, false));
  small.canvas.setAttribute("aria-hidden", "true");
  small.canvas.removeAttribute("role");
  small.canvas.className = "mark-ball";
  const move = map.mark(small.canvas, (longitude, latitude) => change({ longitude: round(longitude, 3), latitude: round(latitude, 3) }));
  void map.stations(now.stations);
  return closing(
    events.follow((rows) => void map.events(rows ?? [])),
    source.follow((value) => {
      move(value.longitude, value.latitude);
      small.draw();
      void map.extras(now.synthetics!.distances_km.map((far) => ["ellipse", ring(value, far)] as const));
    }),
    small.close,
    () => map.close(),
  );
}

/** The numbers of a source, each as a field and, where that helps, a slider. */
function fields(source: Store<Source>, depths: readonly [number, number]): { element: HTMLElement; close: () => void } {
  const all = FIELDS.map(([name, words, low, high, digits]) => {
    const [least, most] = name === "depth" ? depths : [low, high];
    const step = 10 ** -digits;
    const take = (text: string) => {
      const value = Number(text);
      if (text !== "" && Number.isFinite(value)) source.set({ ...source.value, [name]: Math.min(most, Math.max(least, value)) });
    };
    const typed: HTMLInputElement = h("input", { type: "number", min: least, max: most, step, onchange: () => take(typed.value) });
    const slides = name !== "latitude" && name !== "longitude";
    const slid: HTMLInputElement | null = slides
      ? h("input", { type: "range", min: least, max: most, step, tabindex: -1, "aria-hidden": "true", oninput: () => slid && take(slid.value) })
      : null;
    return { name, digits, typed, slid, element: h("div", { class: `number-field ${slides ? "slides" : ""}` }, h("label", { class: "field" }, h("span", null, t(words)), typed), slid) };
  });
  const close = source.follow((value) => {
    for (const { name, digits, typed, slid } of all) {
      typed.value = value[name].toFixed(digits);
      if (slid) slid.value = typed.value;
    }
  });
  return { element: h("div", { class: "numbers" }, ...all.map((one) => one.element)), close };
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

/** A fault in whole degrees. */
function rounded({ strike, dip, rake }: Fault): Fault {
  return { strike: Math.round(strike) % 360, dip: Math.round(dip), rake: Math.round(rake) };
}

/** A source in the middle of the network, in the middle of the depths that can be. */
function middle(now: Network): Source {
  const mean = (values: number[]) => (values.length ? values.reduce((a, b) => a + b) / values.length : 0);
  const [low, high] = now.synthetics!.depths_km;
  return {
    latitude: round(mean(now.stations.map((one) => one.latitude)), 3),
    longitude: round(mean(now.stations.map((one) => one.longitude)), 3),
    depth: round((low + high) / 2, 1),
    magnitude: 4,
    ...FAULTS[0]![1],
  };
}

const ORDER = ["latitude", "longitude", "depth", "magnitude", "strike", "dip", "rake"] as const;

/** `#/synthetics/35.7/-117.5/8/4.5/320/90/180`, of which the end may be missing. */
function fromAddress(rest: string[], usual: Source): Source {
  const found = { ...usual };
  ORDER.forEach((name, k) => {
    const value = Number(rest[k]);
    if (rest[k] && Number.isFinite(value)) found[name] = value;
  });
  return found;
}

/** The page for a source of which the first of these are known. */
export const synthesise = (known: number[]) => `#/synthetics/${known.join("/")}`;

const toAddress = (source: Source) => synthesise(ORDER.map((name) => source[name]));

/** The stations that are nearest to a source. */
function nearest(now: Network, source: Source): string[] {
  const east = Math.cos((source.latitude * Math.PI) / 180);
  const far = (one: { latitude: number; longitude: number }) => Math.hypot(one.latitude - source.latitude, (one.longitude - source.longitude) * east);
  return [...now.stations].sort((a, b) => far(a) - far(b)).slice(0, MOST).map(code);
}

/** A circle of so many km around a source. */
function ring({ latitude, longitude }: Source, km: number): [number, number][] {
  const shrink = Math.cos((latitude * Math.PI) / 180);
  return Array.from({ length: 73 }, (_, k) => {
    const [north, east] = [Math.cos((k * Math.PI) / 36), Math.sin((k * Math.PI) / 36)].map((one) => (one * km * 1000) / METRES) as [number, number];
    return [longitude + east / shrink, latitude + north];
  });
}
