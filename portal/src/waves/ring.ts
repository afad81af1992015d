/**
 * The traces of many stations on a canvas that goes round: each packet is drawn once, when it comes, and a frame only
 * shows another part of what is drawn.
 */

import type { Block } from "../data/blocks";
import { Columns } from "../science/columns";

/** Columns ahead of what is shown that may already be drawn, as a share of the width. */
const AHEAD = 0.35;
/** A trace is drawn anew at another scale when its swing has changed by so much. */
const GROWN = 1.25;
const SHRUNK = 0.45;

interface Trace {
  columns: Columns;
  /** What is not drawn yet. */
  from: number;
  to: number;
  middle: number;
  /** The swing that it is drawn to; 0 before the first time. */
  swing: number;
}

export class Ring {
  private readonly canvas = document.createElement("canvas");
  private readonly context = this.canvas.getContext("2d")!;
  private readonly traces = new Map<string, Trace>();
  /** Up to which column the ring was made empty for what comes. */
  private cleared = -Infinity;
  private checked = 0;
  readonly size: number;
  /** Time (s) after the last column that anything came of. */
  latest = -Infinity;

  /** `density` columns a second; positions are pixels of the device. */
  constructor(
    readonly names: readonly string[],
    readonly width: number,
    readonly lane: number,
    readonly density: number,
    private ink: string,
  ) {
    this.size = Math.ceil(width * (1 + AHEAD));
    this.canvas.width = this.size;
    this.canvas.height = Math.max(1, lane * names.length);
    for (const name of names)
      this.traces.set(name, { columns: new Columns(this.size), from: Infinity, to: -Infinity, middle: 0, swing: 0 });
  }

  /** Take up a block of a station. */
  take(name: string, block: Block): void {
    const trace = this.traces.get(name);
    if (!trace) return;
    const [from, to] = trace.columns.take(block.values, block.width, block.start, block.rate, this.density);
    trace.from = Math.min(trace.from, from);
    trace.to = Math.max(trace.to, to);
    this.latest = Math.max(this.latest, (to + 1) / this.density);
  }

  /** Draw what came since the last time, at most a few traces anew; `edge` is the last column that is seen. */
  update(edge: number): void {
    this.clear();
    let anew = 0;
    this.names.forEach((name, index) => {
      const trace = this.traces.get(name)!;
      if (trace.to < trace.from && this.checked % this.names.length !== index) return;
      // All that the ring holds, also what is ahead of what is seen.
      const right = this.cleared;
      if (anew < 4 && this.rescale(trace, edge)) {
        anew += 1;
        this.context.clearRect(0, index * this.lane, this.size, this.lane);
        this.paint(trace, index, right - this.size + 1, right);
      } else if (trace.to >= trace.from && trace.swing) this.paint(trace, index, Math.max(trace.from, right - this.size + 1), trace.to);
      else return;
      [trace.from, trace.to] = [Infinity, -Infinity];
    });
    this.checked += 1;
  }

  /** Show the columns up to `edge` on another canvas, its right side at `right`. */
  show(target: CanvasRenderingContext2D, edge: number, left: number, top: number): void {
    const [first, height] = [this.place(edge - this.width + 1), this.canvas.height];
    const rest = Math.min(this.width, this.size - first);
    target.drawImage(this.canvas, first, 0, rest, height, left, top, rest, height);
    if (rest < this.width) target.drawImage(this.canvas, 0, 0, this.width - rest, height, left + rest, top, this.width - rest, height);
  }

  /** Everything in another colour. */
  recolour(ink: string): void {
    this.ink = ink;
    for (const trace of this.traces.values()) trace.swing = 0;
  }

  private place(column: number): number {
    return ((column % this.size) + this.size) % this.size;
  }

  /** Empty the columns that come to stand where old ones were. */
  private clear(): void {
    const to = Math.max(...[...this.traces.values()].map((trace) => trace.to));
    if (to <= this.cleared || to === -Infinity) return;
    const from = Math.max(this.cleared + 1, to - this.size + 1);
    for (let column = from; column <= to; ) {
      const [place, rest] = [this.place(column), to - column + 1];
      const count = Math.min(rest, this.size - place);
      this.context.clearRect(place, 0, count, this.canvas.height);
      column += count;
    }
    this.cleared = to;
  }

  /** Look whether a trace needs another scale; the scale is that of what is seen. */
  private rescale(trace: Trace, right: number): boolean {
    const { columns } = trace;
    let [low, high, sum, count] = [Infinity, -Infinity, 0, 0];
    for (let column = right - this.width + 1; column <= right; column += 1) {
      if (!columns.has(column)) continue;
      const place = columns.place(column);
      low = Math.min(low, columns.low[place]!);
      high = Math.max(high, columns.high[place]!);
      sum += (columns.low[place]! + columns.high[place]!) / 2;
      count += 1;
    }
    if (!count) return false;
    const middle = sum / count;
    const swing = Math.max(high - middle, middle - low) || 1;
    const fits = swing <= trace.swing * GROWN && swing >= trace.swing * SHRUNK;
    if (fits && Math.abs(middle - trace.middle) < 0.15 * trace.swing) return false;
    [trace.middle, trace.swing] = [middle, swing * 1.05];
    return true;
  }

  private paint(trace: Trace, index: number, from: number, to: number): void {
    const { columns, middle } = trace;
    const [height, y] = [(this.lane * 0.48) / trace.swing, (index + 0.5) * this.lane];
    const [top, bottom] = [index * this.lane, (index + 1) * this.lane];
    this.context.fillStyle = this.ink;
    this.context.beginPath();
    for (let column = from; column <= to; column += 1) {
      if (!columns.has(column)) continue;
      const place = columns.place(column);
      const begin = Math.max(top, y - (columns.high[place]! - middle) * height);
      const end = Math.min(bottom, y - (columns.low[place]! - middle) * height);
      this.context.rect(place, begin, 1, Math.max(1, end - begin));
    }
    this.context.fill();
  }
}
