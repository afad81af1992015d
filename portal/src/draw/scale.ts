/** Straight scales and round numbers on them. */

export interface Scale {
  (value: number): number;
  invert(position: number): number;
  readonly domain: readonly [number, number];
}

/** From values to positions. */
export function scale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = domain[0] === domain[1] ? [domain[0] - 0.5, domain[1] + 0.5] : domain;
  const step = (range[1] - range[0]) / (high - low);
  const of = (value: number) => range[0] + (value - low) * step;
  return Object.assign(of, {
    invert: (position: number) => low + (position - range[0]) / step,
    domain: [low, high] as const,
  });
}

/** About `count` round numbers between two. */
export function ticks(low: number, high: number, count = 6): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  const found: number[] = [];
  for (let k = first; k * step <= high + step * 1e-9; k += 1) found.push(Number((k * step).toPrecision(12)));
  return found;
}

const SECOND = 1000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800, 604_800];

/** About `count` round times (ms) between two, and whether they are days. */
export function timeTicks(low: number, high: number, count = 6): { times: number[]; days: boolean } {
  const rough = (high - low) / SECOND / Math.max(count, 1);
  const round = STEPS.find((one) => one >= rough) ?? ticks(0, rough / 86_400, 1).at(-1)! * 86_400;
  const step = Math.max(round, rough > 604_800 ? Math.ceil(rough / 2_592_000) * 2_592_000 : 0) * SECOND;
  const times: number[] = [];
  for (let time = Math.ceil(low / step) * step; time <= high; time += step) times.push(time);
  return { times, days: step >= 86_400 * SECOND };
}

/** Least and largest of values with some room around them. */
export function extent(values: Iterable<number>, room = 0.04): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  const margin = high > low ? (high - low) * room : 0.5;
  return [low - margin, high + margin];
}
