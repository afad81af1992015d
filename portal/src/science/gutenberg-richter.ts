/** Frequency and magnitude: completeness, b-value and its uncertainty. Magnitudes are taken in bins of `bin`. */

export interface Binned {
  /** Middle of each bin, from the least to the largest magnitude without holes. */
  magnitudes: number[];
  counts: number[];
  /** Events of each bin and above. */
  cumulative: number[];
}

export interface Slope {
  b: number;
  /** Standard error of b by Shi & Bolt (1982, doi:10.1785/BSSA0720051677). */
  error: number;
  /** log10 of the number of events of magnitude 0 and above that the line stands for. */
  a: number;
  /** Events at or above completeness. */
  count: number;
}

/** Magnitudes in bins, so that edges of bins are exact. */
export function binned(magnitudes: readonly number[], bin = 0.1): Binned {
  if (magnitudes.length === 0) return { magnitudes: [], counts: [], cumulative: [] };
  const numbers = magnitudes.map((magnitude) => Math.round(magnitude / bin));
  const [low, high] = numbers.reduce(([a, b], n) => [Math.min(a, n), Math.max(b, n)], [Infinity, -Infinity]);
  const counts = new Array<number>(high! - low! + 1).fill(0);
  for (const number of numbers) counts[number - low!]! += 1;
  const cumulative = [...counts];
  for (let k = counts.length - 2; k >= 0; k -= 1) cumulative[k]! += cumulative[k + 1]!;
  return { magnitudes: counts.map((_, k) => round((low! + k) * bin)), counts, cumulative };
}

/** Completeness by maximum curvature with 0.2 added (Woessner & Wiemer 2005, doi:10.1785/0120040007); null of none. */
export function completeness(magnitudes: readonly number[], bin = 0.1): number | null {
  const { magnitudes: middles, counts } = binned(magnitudes, bin);
  if (counts.length === 0) return null;
  const most = counts.indexOf(Math.max(...counts));
  return round(middles[most]! + 0.2);
}

/** b of magnitudes at or above `least`: Aki (1965) with Utsu's (1966) correction for bins; null of fewer than two. */
export function bValue(magnitudes: readonly number[], least: number, bin = 0.1): Slope | null {
  const lowest = Math.round(least / bin);
  const used = magnitudes.map((magnitude) => Math.round(magnitude / bin)).filter((number) => number >= lowest);
  const count = used.length;
  if (count < 2) return null;
  const mean = (used.reduce((sum, number) => sum + number, 0) / count) * bin;
  const b = Math.LOG10E / (mean - (lowest - 0.5) * bin);
  const squares = used.reduce((sum, number) => sum + (number * bin - mean) ** 2, 0);
  const error = Math.LN10 * b * b * Math.sqrt(squares / (count * (count - 1)));
  return { b, error, a: Math.log10(count) + b * (lowest - 0.5) * bin, count };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
