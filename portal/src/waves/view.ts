/** Scrolling traces with their stations beside them and picks on them. */

import { stationOf, type Block } from "../data/blocks";
import type { ScreenPick } from "../data/types";
import { h } from "../dom";
import { timeTicks } from "../draw/scale";
import { clock } from "../format";
import { colour, dark } from "../settings";
import { t } from "../words";
import { Ring } from "./ring";

const [LABELS, AXIS, LEAST_LANE] = [84, 22, 15];
/** How fast what is shown follows what came (s): packets come in pushes, the traces go on evenly. */
const FOLLOWING_S = 1.2;

export interface ViewOptions {
  /** Seconds that are seen. */
  span: number;
  /** What time (s) is at the right side; without it, that of the latest data. */
  clock?: () => number | null;
}

export class WaveView {
  readonly element: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly labels = h("ol", { class: "lanes" });
  private readonly held: Block[] = [];
  /** Of a station with several instruments, the channel that is drawn. */
  private readonly channels = new Map<string, string>();
  private names: string[] = [];
  private ring: Ring | null = null;
  private edge = NaN;
  private before = 0;
  private shown = NaN;
  private frame = 0;
  private picks: ScreenPick[] = [];
  private stale = true;
  private readonly stop: (() => void)[] = [];

  /** Fills `host` as far as it is high. */
  constructor(
    private readonly host: HTMLElement,
    private readonly options: ViewOptions,
  ) {
    this.canvas = h("canvas", { role: "img", "aria-label": t("waves.label") });
    this.context = this.canvas.getContext("2d")!;
    this.element = h("div", { class: "waves" }, this.labels, this.canvas);
    const watched = new ResizeObserver(() => this.rebuild());
    watched.observe(host);
    host.append(this.element);
    this.stop.push(() => watched.disconnect());
    this.stop.push(dark.follow(() => (this.ring?.recolour(colour("trace")), (this.stale = true))));
    const step = (now: number) => {
      this.step(now);
      this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  /** Which stations are shown, from top to bottom. */
  stations(names: readonly string[]): void {
    if (names.join() === this.names.join()) return;
    this.names = [...names];
    this.rebuild();
  }

  get span(): number {
    return this.options.span;
  }

  set span(seconds: number) {
    this.options.span = seconds;
    this.rebuild();
  }

  /** Take up what came. */
  take(blocks: readonly Block[]): void {
    const names = blocks.map((block) => block.channel).sort();
    for (const name of names) if (!this.channels.has(stationOf(name))) this.channels.set(stationOf(name), name);
    for (const block of blocks) {
      if (this.channels.get(stationOf(block.channel)) !== block.channel) continue;
      this.held.push(block);
      this.ring?.take(stationOf(block.channel), block);
    }
    const oldest = (this.ring?.latest ?? 0) - 1.5 * Math.max(this.options.span, 600);
    if (this.held.length > 20_000) this.held.splice(0, this.held.findIndex((one) => one.start > oldest));
  }

  /** Forget all data. */
  forget(): void {
    this.held.length = 0;
    this.edge = NaN;
    this.rebuild();
  }

  setPicks(picks: ScreenPick[]): void {
    this.picks = picks;
    this.stale = true;
  }

  /** The time (s) at the right side. */
  get now(): number {
    return this.edge;
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    for (const one of this.stop) one();
  }

  private rebuild(): void {
    const [width, height, ratio] = [this.host.clientWidth - LABELS, this.host.clientHeight, devicePixelRatio || 1];
    if (width < 10 || !this.names.length) return;
    const lane = Math.max(LEAST_LANE, Math.floor((height - AXIS) / this.names.length));
    const tall = lane * this.names.length + AXIS;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${tall}px`;
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(tall * ratio)];
    const columns = this.canvas.width;
    this.ring = new Ring(this.names, columns, Math.round(lane * ratio), columns / this.options.span, colour("trace"));
    for (const block of this.held) this.ring.take(stationOf(block.channel), block);
    this.labels.replaceChildren(
      ...this.names.map((name) => {
        const item = h("li", null, h("a", { href: `#/station/${name}` }, name));
        item.style.height = `${lane}px`;
        return item;
      }),
    );
    this.stale = true;
  }

  private step(now: number): void {
    const [ring, passed] = [this.ring, Math.min(0.25, (now - this.before) / 1000)];
    this.before = now;
    if (!ring) return;
    const wanted = this.options.clock ? this.options.clock() : ring.latest;
    if (wanted === null || !Number.isFinite(wanted)) return;
    const far = !Number.isFinite(this.edge) || Math.abs(wanted - this.edge) > 20;
    if (this.options.clock || far) this.edge = wanted;
    else this.edge += (wanted - this.edge) * (1 - Math.exp(-passed / FOLLOWING_S));
    const column = Math.floor(this.edge * ring.density);
    ring.update(column);
    if (column === this.shown && !this.stale) return;
    [this.shown, this.stale] = [column, false];
    this.paint(ring, column);
  }

  private paint(ring: Ring, column: number): void {
    const { context, canvas } = this;
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.width, canvas.height];
    const bottom = height - Math.round(AXIS * ratio);
    context.clearRect(0, 0, width, height);
    const x = (time: number) => width - (column + 1 - time * ring.density);
    context.font = `${Math.round(12 * ratio)}px system-ui, sans-serif`;
    context.textBaseline = "top";
    context.textAlign = "center";
    context.fillStyle = colour("muted");
    context.strokeStyle = colour("grid");
    context.lineWidth = ratio;
    context.beginPath();
    const end = (column + 1) / ring.density;
    for (const time of timeTicks((end - this.options.span) * 1000, end * 1000, width / ratio / 120).times) {
      const at = Math.round(x(time / 1000)) + 0.5;
      context.moveTo(at, 0);
      context.lineTo(at, bottom);
      context.fillText(clock(time), at, bottom + 4 * ratio);
    }
    context.stroke();
    ring.show(context, column, 0, 0);
    for (const [phase, name] of [["P", "p"], ["S", "s"]] as const) {
      context.strokeStyle = colour(name);
      context.lineWidth = 2 * ratio;
      context.beginPath();
      for (const pick of this.picks) {
        const [at, lane] = [x(pick.time_ms / 1000), this.names.indexOf(pick.station)];
        if (!pick.phase.startsWith(phase) || lane < 0 || at < 0 || at > width) continue;
        context.moveTo(at, lane * ring.lane + 1);
        context.lineTo(at, (lane + 1) * ring.lane - 1);
      }
      context.stroke();
    }
  }
}
