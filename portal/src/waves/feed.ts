/** Where traces come from: a live run as it goes on, or an archive played as if it did. */

import { picks } from "../data/live";
import { iso, json, waveforms } from "../data/service";
import type { Block } from "../data/blocks";
import type { ScreenPick } from "../data/types";
import { Store } from "../store";
import type { WaveView } from "./view";

const EVERY_MS = 1000;
/** How long before they are played (s) waveforms are asked for. */
const PREFETCH_S = 3;
const RATE = 20;

export const trouble = new Store<string>("");

async function picksOf(from: number, to: number): Promise<ScreenPick[]> {
  const found = await json<{ picks: ScreenPick[] }>(`/portal/data/picks?start=${iso(from * 1000)}&end=${iso(to * 1000)}`);
  return found.picks;
}

/** Follow a live run until the function that this returns is called. */
export function followLive(view: WaveView, told: (clock: number) => void): () => void {
  let [cursor, stopped, timer, first]: [number, boolean, ReturnType<typeof setTimeout> | 0, boolean] = [0, false, 0, true];
  let stored: ScreenPick[] = [];
  const gone = new AbortController();
  const show = () => view.setPicks([...stored, ...picks.value]);
  const ask = async (): Promise<void> => {
    try {
      const found = await waveforms({ after: cursor }, gone.signal);
      // A service that was started anew counts anew.
      cursor = found.cursor! < cursor ? 0 : found.cursor!;
      view.take(found.blocks);
      if (found.clock_ms) told(found.clock_ms);
      if (first && found.clock_ms) {
        first = false;
        stored = await picksOf(found.clock_ms / 1000 - 700, found.clock_ms / 1000 + 60);
        show();
      }
      trouble.set("");
    } catch (error) {
      if (!stopped) trouble.set(error instanceof Error ? error.message : String(error));
    }
    if (!stopped) timer = setTimeout(() => void ask(), EVERY_MS);
  };
  void ask();
  const unfollow = picks.follow(show);
  return () => {
    stopped = true;
    gone.abort();
    clearTimeout(timer);
    unfollow();
  };
}

interface Chunk {
  from: number;
  blocks: Block[];
}

/** An archive from a time on, at a speed; its clock is asked by the view. */
export class Replay {
  private at: number;
  private asked: number;
  private last = performance.now();
  private readonly gone = new AbortController();
  private readonly waiting: Chunk[] = [];
  private picks: ScreenPick[] = [];
  private busy = false;
  speed = 1;

  constructor(
    private readonly view: WaveView,
    start: number,
    private readonly end: number,
  ) {
    this.at = start;
    this.asked = start - view.span;
    this.ask(start);
  }

  /** The time (s) that is played now. */
  now(): number {
    const time = performance.now();
    this.at = Math.min(this.end, this.at + ((time - this.last) / 1000) * this.speed);
    this.last = time;
    const chunk = this.view.span / 4;
    if (!this.busy && this.asked < Math.min(this.end, this.at + Math.max(chunk, PREFETCH_S * this.speed))) this.ask(this.asked + chunk);
    this.give();
    return this.at;
  }

  close(): void {
    this.gone.abort();
  }

  /** Hand over what is played next; more than that has no place beside what is seen. */
  private give(): void {
    const ahead = this.at + this.view.span * 0.05;
    for (let k = 0; k < this.waiting.length; ) {
      if (this.waiting[k]!.from > ahead) k += 1;
      else this.view.take(this.waiting.splice(k, 1)[0]!.blocks);
    }
  }

  private ask(until: number): void {
    const [from, to] = [this.asked, Math.min(this.end, until)];
    this.asked = to;
    if (to <= from) return;
    this.busy = true;
    const query = { start: iso(from * 1000), end: iso(to * 1000), rate: RATE };
    Promise.all([waveforms(query, this.gone.signal), picksOf(from, to)])
      .then(([found, picks]) => {
        if (this.gone.signal.aborted) return;
        this.waiting.push({ from, blocks: found.blocks });
        this.picks = [...this.picks.slice(-5000), ...picks];
        this.view.setPicks(this.picks);
        trouble.set("");
      })
      .catch((error: Error) => {
        if (!this.gone.signal.aborted) trouble.set(error.message);
      })
      .finally(() => (this.busy = false));
  }
}
