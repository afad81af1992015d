/** The catalog in figures that all follow one filter: what is drawn on one changes the others. */

import { events } from "../data/live";
import type { EventRow } from "../data/types";
import { h, table } from "../dom";
import { chart, dot, path, type Chart } from "../draw/chart";
import { colourOf, DEPTHS, radiusOf } from "../draw/palette";
import { extent } from "../draw/scale";
import { ALL, change, filter, fitting, type Box } from "../filter";
import { number } from "../format";
import { bValue, binned, completeness } from "../science/gutenberg-richter";
import { colour } from "../settings";
import { t } from "../words";
import { closing, type Page } from "./page";
import { filters, notice, rowsNow } from "./parts";

const MINUTE = 60_000;

export const explorer: Page = {
  title: "nav.explorer",
  open(host) {
    let rows: EventRow[] = [];
    const count = h("p", { class: "count", role: "status" });
    const law = h("div", { class: "law" });
    const said = notice();
    const times = () => extent(rows.map((one) => one.time), 0.02);
    const sized = () => rows.filter((one) => one.magnitude !== null);
    const dots = (frame: Parameters<Parameters<typeof chart>[2]>[0], x: (one: EventRow) => number, y: (one: EventRow) => number, all = rows) => {
      frame.context.globalAlpha = all.length > 5000 ? 0.4 : 0.75;
      for (const one of all) {
        frame.context.fillStyle = colourOf(one.depth, DEPTHS);
        dot(frame.context, frame.x(x(one)), frame.y(y(one)), radiusOf(one.magnitude) * 0.55);
      }
      frame.context.globalAlpha = 1;
    };
    const chosenBox = (x: [number, number], y: [number, number]) => change({ box: [x[0], y[0], x[1], y[1]] });
    const charts: Chart[] = [
      chart(
        t("explorer.magnitudes"),
        () => ({ x: times(), y: extent(sized().map((one) => one.magnitude!), 0.1), xWords: t("time"), yWords: t("magnitude"), time: true }),
        (frame) => dots(frame, (one) => one.time, (one) => one.magnitude!, sized()),
        (x, y) => change({ from: x[0], to: x[1], hours: null, least: Number(y[0].toFixed(1)), most: Number(y[1].toFixed(1)) }),
      ),
      chart(
        t("explorer.epicentres"),
        () => ({ x: extent(rows.map((one) => one.longitude)), y: extent(rows.map((one) => one.latitude)), xWords: t("longitude"), yWords: t("latitude") }),
        (frame) => dots(frame, (one) => one.longitude, (one) => one.latitude),
        chosenBox,
      ),
      chart(
        t("explorer.section"),
        () => {
          const [low, high] = extent(rows.map((one) => one.depth));
          return { x: extent(rows.map((one) => one.longitude)), y: [high, low], xWords: t("longitude"), yWords: t("depth.km") };
        },
        (frame) => dots(frame, (one) => one.longitude, (one) => one.depth),
        (x) => change({ box: [x[0], filter.value.box?.[1] ?? -90, x[1], filter.value.box?.[3] ?? 90] }),
      ),
      chart(
        t("explorer.law"),
        () => {
          const bins = binned(sized().map((one) => one.magnitude!));
          const top = Math.log10(Math.max(10, bins.cumulative[0] ?? 1));
          return { x: extent(bins.magnitudes.length ? bins.magnitudes : [0, 1]), y: [-0.1, top * 1.08], xWords: t("magnitude"), yWords: t("explorer.number"), yText: (value) => (Number.isInteger(value) ? String(10 ** value) : "") };
        },
        (frame) => drawLaw(frame, sized().map((one) => one.magnitude!)),
        (x) => change({ least: Number(x[0].toFixed(1)), most: Number(x[1].toFixed(1)) }),
      ),
      chart(
        t("explorer.cumulative"),
        () => ({ x: times(), y: [0, Math.max(1, rows.length) * 1.05], xWords: t("time"), yWords: t("explorer.number"), time: true }),
        (frame) => {
          frame.context.strokeStyle = colour("p");
          frame.context.lineWidth = 2;
          const ordered = [...rows].sort((a, b) => a.time - b.time);
          path(frame, ordered.flatMap((one, k) => [[one.time, k] as const, [one.time, k + 1] as const]));
        },
        (x) => change({ from: x[0], to: x[1], hours: null }),
      ),
    ];
    const inputs = fields();
    const update = () => {
      rows = fitting(rowsNow(), filter.value);
      count.textContent = events.value === null ? t("loading") : t("events.count", { count: rows.length });
      law.replaceChildren(...lawWords(sized().map((one) => one.magnitude!)));
      for (const one of charts) one.draw();
      inputs.show();
    };
    host.append(
      h(
        "div",
        { class: "sheet wide" },
        h("h1", null, t("nav.explorer")),
        said.element,
        h("div", { class: "bar" }, filters(), inputs.element, h("button", { type: "button", onclick: () => filter.set(ALL) }, t("filter.reset"))),
        h("p", { class: "hint" }, t("explorer.hint")),
        count,
        h("div", { class: "figures" }, ...charts.map((one) => one.element), h("section", { class: "chart words" }, h("h2", null, t("explorer.numbers")), law)),
      ),
    );
    return closing(said.close, events.follow(update), filter.follow(update), ...charts.map((one) => one.close));
  },
};

function drawLaw(frame: { context: CanvasRenderingContext2D; x: (v: number) => number; y: (v: number) => number }, magnitudes: number[]): void {
  const { context, x, y } = frame;
  const bins = binned(magnitudes);
  context.fillStyle = colour("muted");
  bins.magnitudes.forEach((magnitude, k) => bins.counts[k] && context.fillRect(x(magnitude) - 3, y(Math.log10(bins.counts[k]!)) - 3, 6, 6));
  context.fillStyle = colour("p");
  bins.magnitudes.forEach((magnitude, k) => dot(context, x(magnitude), y(Math.log10(bins.cumulative[k]!)), 3));
  const least = completeness(magnitudes);
  const slope = least === null ? null : bValue(magnitudes, least);
  if (least === null || !slope) return;
  const end = bins.magnitudes.at(-1)!;
  context.strokeStyle = colour("s");
  context.lineWidth = 2;
  context.beginPath();
  // Bins count what is half a bin below their middle and above.
  for (const magnitude of [least, end]) context.lineTo(x(magnitude), y(slope.a - slope.b * (magnitude - 0.05)));
  context.stroke();
  context.setLineDash([4, 4]);
  context.strokeStyle = colour("muted");
  context.beginPath();
  context.moveTo(x(least), y(-1));
  context.lineTo(x(least), y(9));
  context.stroke();
  context.setLineDash([]);
}

/** The numbers of the figures as a table and in words. */
function lawWords(magnitudes: number[]): (Node | string)[] {
  const least = completeness(magnitudes);
  const slope = least === null ? null : bValue(magnitudes, least);
  const rows: [string, string][] = [
    [t("explorer.completeness"), `Mc ${number(least, 1)}`],
    [t("explorer.b"), slope ? `${number(slope.b, 2)} ± ${number(slope.error, 2)}` : "–"],
    [t("explorer.a"), slope ? number(slope.a, 2) : "–"],
    [t("explorer.above"), slope ? String(slope.count) : "–"],
  ];
  const bins = binned(magnitudes);
  const lines = bins.magnitudes.map((magnitude, k) => [number(magnitude, 1), String(bins.counts[k]), String(bins.cumulative[k])]);
  return [
    h("dl", { class: "facts" }, ...rows.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))),
    h("p", { class: "hint" }, t("explorer.method")),
    h(
      "details",
      null,
      h("summary", null, t("explorer.table")),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("explorer.table") }, table(t("explorer.table"), [t("magnitude"), t("explorer.bin"), t("explorer.cumulative")], lines, new Set([0, 1, 2]))),
    ),
  ];
}

/** The filter as numbers, for who draws nothing with a pointer. */
function fields(): { element: HTMLElement; show: () => void } {
  const time = (name: "from" | "to") =>
    h("input", {
      type: "datetime-local",
      onchange: (event) => {
        const { value } = event.target as HTMLInputElement;
        change({ [name]: value ? Date.parse(`${value}Z`) + (name === "to" ? MINUTE : 0) : null, hours: null });
      },
    });
  const size = (name: "least" | "most") =>
    h("input", {
      ...{ type: "number", step: 0.1 },
      onchange: (event) => {
        const { value } = event.target as HTMLInputElement;
        change({ [name]: value === "" ? null : Number(value) });
      },
    });
  const [from, to, least, most] = [time("from"), time("to"), size("least"), size("most")];
  const box = h("input", {
    ...{ type: "text", size: 24, placeholder: "−118, 35, −117, 36", inputmode: "text" },
    onchange: () => {
      const numbers = box.value.replaceAll("−", "-").split(/[,;\s]+/).filter(Boolean).map(Number);
      const whole = numbers.length === 4 && numbers.every(Number.isFinite);
      change({ box: whole ? (numbers as unknown as Box) : null });
    },
  });
  const field = (words: string, input: HTMLElement) => h("label", { class: "field" }, h("span", null, words), input);
  const element = h(
    "details",
    { class: "more" },
    h("summary", null, t("filter.more")),
    h("div", { class: "bar" }, field(t("filter.from"), from), field(t("filter.to"), to), field(t("filter.least"), least), field(t("filter.most"), most), field(t("filter.box"), box)),
  );
  return {
    element,
    show: () => {
      const now = filter.value;
      const iso = (ms: number | null) => (ms === null ? "" : new Date(ms).toISOString().slice(0, 16));
      [from.value, to.value] = [iso(now.from), iso(now.to)];
      [least.value, most.value] = [now.least === null ? "" : String(now.least), now.most === null ? "" : String(now.most)];
      box.value = now.box ? now.box.map((value) => number(value, 2)).join(", ") : "";
    },
  };
}
