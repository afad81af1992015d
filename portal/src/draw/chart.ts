/** A chart: axes with their words, and whatever is drawn between them; a range may be drawn on it with the pointer. */

import { h } from "../dom";
import { clock, day, instant } from "../format";
import { colour } from "../settings";
import { sketch } from "./canvas";
import { scale, ticks, timeTicks, type Scale } from "./scale";

export interface Frame {
  context: CanvasRenderingContext2D;
  x: Scale;
  y: Scale;
}

export interface Axes {
  x: readonly [number, number];
  y: readonly [number, number];
  xWords: string;
  yWords: string;
  /** Whether x is time (ms). */
  time?: boolean;
  /** Words of values of an axis in place of the numbers. */
  yText?: (value: number) => string;
  xText?: (value: number) => string;
}

export interface Chart {
  element: HTMLElement;
  draw(): void;
  close(): void;
}

const [LEFT, RIGHT, TOP, BOTTOM] = [52, 12, 10, 40];

/** `chosen` is called with the ranges of x and y that a person drew; `picked` with a place that was clicked. */
export function chart(
  title: string,
  axes: () => Axes,
  body: (frame: Frame) => void,
  chosen?: (x: [number, number], y: [number, number]) => void,
  picked?: (x: number, y: number, near: (x: number, y: number) => [number, number]) => void,
): Chart {
  let scales: [Scale, Scale] | null = null;
  let drawn: [number, number, number, number] | null = null;
  const made = sketch(title, (context, width, height) => {
    const wanted = axes();
    const x = scale(wanted.x, [LEFT, width - RIGHT]);
    const y = scale(wanted.y, [height - BOTTOM, TOP]);
    scales = [x, y];
    grid(context, wanted, x, y, width, height);
    context.save();
    context.beginPath();
    context.rect(LEFT, TOP, width - LEFT - RIGHT, height - TOP - BOTTOM);
    context.clip();
    body({ context, x, y });
    context.restore();
    if (drawn) {
      context.fillStyle = colour("choice");
      context.fillRect(drawn[0], drawn[1], drawn[2] - drawn[0], drawn[3] - drawn[1]);
    }
  });
  if (chosen || picked) {
    made.canvas.classList.add("drawable");
    let from: PointerEvent | null = null;
    made.canvas.addEventListener("pointerdown", (event) => {
      from = event;
      made.canvas.setPointerCapture(event.pointerId);
    });
    made.canvas.addEventListener("pointermove", (event) => {
      if (!from || !chosen) return;
      drawn = [from.offsetX, from.offsetY, event.offsetX, event.offsetY];
      made.draw();
    });
    made.canvas.addEventListener("pointerup", (event) => {
      const began = from;
      [from, drawn] = [null, null];
      made.draw();
      if (!began || !scales) return;
      const [x, y] = scales;
      const moved = Math.abs(event.offsetX - began.offsetX) > 4;
      if (!moved) picked?.(event.offsetX, event.offsetY, (a, b) => [x(a), y(b)]);
      else if (chosen) {
        const range = (a: number, b: number): [number, number] => [Math.min(a, b), Math.max(a, b)];
        chosen(
          range(x.invert(began.offsetX), x.invert(event.offsetX)),
          range(y.invert(began.offsetY), y.invert(event.offsetY)),
        );
      }
    });
  }
  const element = h("figure", { class: "chart" }, h("h2", null, title), made.canvas);
  return { element, draw: made.draw, close: made.close };
}

function grid(context: CanvasRenderingContext2D, axes: Axes, x: Scale, y: Scale, width: number, height: number): void {
  const [right, bottom] = [width - RIGHT, height - BOTTOM];
  context.strokeStyle = colour("grid");
  context.fillStyle = colour("muted");
  const columns = axes.time
    ? timeTicks(x.domain[0], x.domain[1], width / 110)
    : { times: ticks(x.domain[0], x.domain[1], width / 90), days: false };
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const value of columns.times) {
    const digits = columns.times.length > 1 && columns.times[1]! - columns.times[0]! < 60_000 ? 8 : 5;
    const words = axes.time ? (columns.days ? day(value) : clock(value).slice(0, digits)) : (axes.xText ?? plain)(value);
    if (!words) continue;
    line(context, x(value), TOP, x(value), bottom);
    context.fillText(words, x(value), bottom + 5);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  const [low, high] = [Math.min(...y.domain), Math.max(...y.domain)];
  for (const value of ticks(low, high, height / 55)) {
    const words = (axes.yText ?? plain)(value);
    if (!words) continue;
    line(context, LEFT, y(value), right, y(value));
    context.fillText(words, LEFT - 6, y(value));
  }
  context.strokeStyle = colour("muted");
  context.strokeRect(LEFT + 0.5, TOP + 0.5, right - LEFT, bottom - TOP);
  context.textAlign = "center";
  context.textBaseline = "bottom";
  const zoned = axes.time && !columns.days ? `${axes.xWords} · ${instant(x.domain[0]).replace(/ [\d:]+/, "")}` : axes.xWords;
  context.fillText(zoned, (LEFT + right) / 2, height - 3);
  context.save();
  context.translate(11, (TOP + bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "middle";
  context.fillText(axes.yWords, 0, 0);
  context.restore();
}

const plain = (value: number) => (Math.abs(value) >= 10_000 ? value.toExponential(0) : String(value).replace("-", "−"));

/** A straight line. */
export function line(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** A line through points. */
export function path(frame: Frame, points: Iterable<readonly [number, number]>): void {
  frame.context.beginPath();
  for (const [x, y] of points) frame.context.lineTo(frame.x(x), frame.y(y));
  frame.context.stroke();
}

/** A filled circle. */
export function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}
