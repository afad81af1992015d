/** The least and the largest value of each column of a screen, in a ring that goes round as time goes on. */

export class Columns {
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** Which column each place of the ring holds now. */
  private readonly held: Float64Array;

  constructor(readonly size: number) {
    this.low = new Float32Array(size);
    this.high = new Float32Array(size);
    this.held = new Float64Array(size).fill(NaN);
  }

  /** The place of a column in the ring. */
  place(column: number): number {
    return ((column % this.size) + this.size) % this.size;
  }

  /** Whether a column has values. */
  has(column: number): boolean {
    return this.held[this.place(column)] === column;
  }

  /** Widen a column to hold two values; a column that has gone out of the ring is not taken. */
  add(column: number, low: number, high: number): void {
    const place = this.place(column);
    const held = this.held[place]!;
    if (held > column) return;
    if (held === column) {
      this.low[place] = Math.min(this.low[place]!, low);
      this.high[place] = Math.max(this.high[place]!, high);
      return;
    }
    this.held[place] = column;
    this.low[place] = low;
    this.high[place] = high;
  }

  /** Take up values from `start` (s) on, `rate` a second and `width` (1 or 2) each, into `density` columns a second. */
  take(values: ArrayLike<number>, width: 1 | 2, start: number, rate: number, density: number): [number, number] {
    const count = values.length / width;
    let [from, to] = [Infinity, -Infinity];
    for (let k = 0; k < count; k += 1) {
      const low = values[k * width]!;
      const high = width === 2 ? values[k * 2 + 1]! : low;
      // A thousandth of a column takes up what is lost when times are written as decimals.
      const first = Math.floor((start + k / rate) * density + 1e-3);
      const last = Math.max(first, Math.ceil((start + (k + 1) / rate) * density - 1e-3) - 1);
      for (let column = first; column <= last; column += 1) this.add(column, low, high);
      from = Math.min(from, first);
      to = Math.max(to, last);
    }
    return [from, to];
  }
}
