/** Where traces come from: a live run as it goes on, or an archive played as if it did. */

import { picks } from "../data/live";
import { iso, json, waveforms } from "../data/service";
import type { ScreenPick } from "../data/types";
import { Store } from "../store";
import type { WaveView } from "./view";

const EVERY_MS = 1000;
const CHUNK_S = 30;
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

/** An archive from a time on, at a speed; its clock is asked by the view. */
export class Replay {
  private at: number;
  private asked = -Infinity;
  private last = performance.now();
  private readonly gone = new AbortController();
  private picks: ScreenPick[] = [];
  speed = 1;

  constructor(
    private readonly view: WaveView,
    start: number,
    private readonly end: number,
  ) {
    this.at = start;
    this.asked = start - view.span;
    this.look();
  }

  /** The time (s) that is played now. */
  now(): number {
    const time = performance.now();
    this.at = Math.min(this.end, this.at + ((time - this.last) / 1000) * this.speed);
    this.last = time;
    this.look();
    return this.at;
  }

  close(): void {
    this.gone.abort();
  }

  /** Have what comes within the next moments there. */
  private look(): void {
    if (this.asked >= Math.min(this.end, this.at + CHUNK_S * Math.max(1, this.speed / 2))) return;
    const from = this.asked;
    const to = Math.min(this.end, Math.max(from + CHUNK_S * Math.max(1, this.speed), this.at));
    this.asked = to;
    const whole = Promise.all([
      waveforms({ start: iso(from * 1000), end: iso(to * 1000), rate: RATE }, this.gone.signal),
      picksOf(from, to),
    ]);
    whole
      .then(([found, picks]) => {
        if (this.gone.signal.aborted) return;
        this.view.take(found.blocks);
        this.picks = [...this.picks.slice(-5000), ...picks];
        this.view.setPicks(this.picks);
        trouble.set("");
      })
      .catch((error: Error) => {
        if (!this.gone.signal.aborted) trouble.set(error.message);
      });
  }
}
