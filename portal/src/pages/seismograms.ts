/** Computed seismograms, stations from near to far, their components beside one another. */

import { ORIGIN, type Answer, type Seismogram } from "../data/synthetics";
import { code } from "../data/types";
import { h, table } from "../dom";
import { sketch, type Sketch } from "../draw/canvas";
import { line } from "../draw/chart";
import { scale, ticks, type Scale } from "../draw/scale";
import { number, parse } from "../format";
import { finer } from "../science/finer";
import { colour } from "../settings";
import { t } from "../words";

const [ROW, LEFT, TOP, BOTTOM, GAP] = [46, 124, 24, 40, 14];
const NARROW = 620;
/** Samples between two of the service; its four a period look like corners. */
const FINER = 6;
const ROOM_S = 4;
const POWERS: readonly [number, string][] = [[1, ""], [1e-2, "c"], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"]];

/** `1.2 mm/s` */
export function measure(value: number, unit: string): string {
  const [power, prefix] = POWERS.find(([least]) => value >= least) ?? POWERS.at(-1)!;
  return `${Number((value / power).toPrecision(2))} ${prefix}${unit.replace("**2", "²")}`;
}

const largest = (samples: readonly number[]) => samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
export const peak = (one: Seismogram) => Math.max(...Object.values(one.components).map(largest));
const began = (one: Seismogram) => (parse(one.start) - parse(ORIGIN)) / 1000;

export interface Figure {
  element: HTMLElement;
  /** Show an answer; `only` is the component that a narrow screen has room for. */
  show(answer: Answer, only: string): void;
  close(): void;
}

export function figure(): Figure {
  let [rows, unit, alone]: [Seismogram[], string, string] = [[], "m", "Z"];
  const values = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("synthetics.table") });
  const made: Sketch = sketch(t("synthetics.figure"), (context, width, height) => {
    if (!rows.length) return;
    const components = width < NARROW ? [alone] : Object.keys(rows[0]!.components);
    const spans = rows.map(moving);
    const from = Math.min(0, ...spans.map(([first]) => first)) - ROOM_S;
    const until = Math.max(0, ...spans.map(([, last]) => last)) + ROOM_S;
    const each = (width - LEFT - 10 - GAP * (components.length - 1)) / components.length;
    context.textBaseline = "middle";
    rows.forEach((one, k) => {
      const y = TOP + ROW * (k + 0.5);
      context.textAlign = "right";
      context.fillStyle = colour("ink");
      context.fillText(code(one), LEFT - 12, y - 8);
      context.fillStyle = colour("muted");
      context.font = "11px system-ui, sans-serif";
      context.fillText(`${number(one.distance / 1000, 0)} km · ${measure(peak(one), unit)}`, LEFT - 12, y + 8);
      context.font = "12px system-ui, sans-serif";
    });
    components.forEach((component, k) => {
      const left = LEFT + k * (each + GAP);
      panel(context, component, scale([from, until], [left, left + each]), height);
    });
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.fillStyle = colour("muted");
    context.fillText(t("section.seconds"), (LEFT + width) / 2, height - 2);
  });
  function panel(context: CanvasRenderingContext2D, component: string, x: Scale, height: number): void {
    const [left, right] = [x(x.domain[0]), x(x.domain[1])];
    context.fillStyle = colour("ink");
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = "600 13px system-ui, sans-serif";
    context.fillText(component, (left + right) / 2, TOP / 2);
    context.font = "12px system-ui, sans-serif";
    context.lineWidth = 1;
    context.textBaseline = "top";
    for (const value of ticks(x.domain[0], x.domain[1], (right - left) / 75)) {
      context.strokeStyle = value === 0 ? colour("muted") : colour("grid");
      line(context, x(value), TOP, x(value), height - BOTTOM);
      context.fillStyle = colour("muted");
      context.fillText(number(value, 0), x(value), height - BOTTOM + 5);
    }
    context.save();
    context.beginPath();
    context.rect(left, TOP, right - left, height - TOP - BOTTOM);
    context.clip();
    context.lineWidth = 1.3;
    context.lineJoin = "round";
    context.strokeStyle = colour({ Z: "trace", R: "p", N: "p", T: "s", E: "s" }[component] ?? "trace");
    rows.forEach((one, k) => {
      const y = TOP + ROW * (k + 0.5);
      const tall = (ROW * 0.42) / (peak(one) || 1);
      const [start, rate, samples] = [began(one), one.sampling_rate_hz, one.components[component] ?? []];
      context.beginPath();
      context.moveTo(Math.min(left, x(start)), y);
      finer(samples, FINER).forEach((value, at) => context.lineTo(x(start + at / rate / FINER), y - value * tall));
      context.stroke();
    });
    context.restore();
  }
  const words = h("p", { class: "count" });
  const element = h(
    "figure",
    { class: "section seismograms" },
    made.canvas,
    words,
    h("details", { class: "more" }, h("summary", null, t("synthetics.table")), values),
  );
  return {
    element,
    show: (answer, only) => {
      rows = [...answer.seismograms].sort((a, b) => a.distance - b.distance);
      [unit, alone] = [answer.unit, only];
      made.canvas.style.height = `${TOP + ROW * Math.max(rows.length, 1) + BOTTOM}px`;
      made.canvas.setAttribute("aria-label", t("synthetics.shown", { count: rows.length }));
      words.textContent = rows.length ? t("synthetics.scale") : "";
      const components = Object.keys(rows[0]?.components ?? {});
      const heads = [t("nav.station"), t("distance.km"), t("azimuth"), ...components.map((name) => t("synthetics.peak", { component: name }))];
      const cells = rows.map((one) => [
        code(one),
        number(one.distance / 1000, 1),
        number(one.azimuth, 0),
        ...components.map((name) => measure(largest(one.components[name]!), unit)),
      ]);
      values.replaceChildren(table(t("synthetics.table"), heads, cells, new Set(heads.slice(1).map((_, k) => k + 1))));
      made.draw();
    },
    close: made.close,
  };
}

/** Seconds after the origin between which a seismogram moves by more than a fiftieth of its largest value. */
function moving(one: Seismogram): [first: number, last: number] {
  const least = 0.02 * peak(one);
  let [first, last] = [Infinity, 0];
  for (const samples of Object.values(one.components)) {
    const end = samples.at(-1) ?? 0;
    const begin = samples.findIndex((value) => Math.abs(value) > least);
    if (begin >= 0) first = Math.min(first, begin);
    last = Math.max(last, samples.findLastIndex((value) => Math.abs(value - end) > least));
  }
  const at = (sample: number) => began(one) + sample / one.sampling_rate_hz;
  return [at(Number.isFinite(first) ? first : 0), at(last)];
}
