import { describe, expect, it } from "vitest";
import { band } from "../src/science/band";
import { Columns } from "../src/science/columns";
import { bValue, binned, completeness } from "../src/science/gutenberg-richter";
import { spectrum, transform } from "../src/science/spectrum";

/** A generator with a seed (Park & Miller 1988). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}

function exponential(count: number, b: number, least: number, seed: number): number[] {
  const next = uniform(seed);
  return Array.from({ length: count }, () => least - Math.log10(1 - next()) / b);
}

describe("Gutenberg and Richter", () => {
  it("finds the b that magnitudes were drawn with, within its own error", () => {
    const outside = [0.7, 1.0, 1.4].flatMap((b) =>
      Array.from({ length: 20 }, (_, seed) => {
        // Bins of 0.1 whose lowest one begins at 0.95.
        const found = bValue(exponential(4000, b, 0.95, seed + 1), 1.0)!;
        return Math.abs(found.b - b) > 2 * found.error;
      }),
    );
    expect(outside.filter(Boolean).length).toBeLessThanOrEqual(8);
  });

  it("is Aki's formula with half a bin taken off, worked out by hand", () => {
    const found = bValue([1.0, 1.1, 1.3, 0.5], 1.0)!;
    const mean = (1.0 + 1.1 + 1.3) / 3;
    expect(found.count).toBe(3);
    expect(found.b).toBeCloseTo(Math.LOG10E / (mean - 0.95), 10);
    const squares = [1.0, 1.1, 1.3].reduce((sum, m) => sum + (m - mean) ** 2, 0);
    expect(found.error).toBeCloseTo(2.302585 * found.b ** 2 * Math.sqrt(squares / 6), 5);
    expect(bValue([1.0], 1.0)).toBeNull();
  });

  it("puts completeness 0.2 above the fullest bin", () => {
    expect(completeness([0.5, 0.9, 0.9, 1.0, 1.3])).toBe(1.1);
    expect(completeness([])).toBeNull();
  });

  it("counts every event once, whatever the order", () => {
    const magnitudes = exponential(500, 1, 0, 3);
    const forwards = binned(magnitudes);
    expect(binned([...magnitudes].reverse())).toEqual(forwards);
    expect(forwards.counts.reduce((a, b) => a + b)).toBe(500);
    expect(forwards.cumulative[0]).toBe(500);
  });
});

describe("spectra", () => {
  it("agree with the sum that defines the transform", () => {
    const next = uniform(5);
    const values = Array.from({ length: 32 }, () => next() - 0.5);
    const [real, imaginary] = [Float64Array.from(values), new Float64Array(32)];
    transform(real, imaginary);
    for (let k = 0; k < 32; k += 1) {
      const turn = values.map((value, n) => [value, (-2 * Math.PI * k * n) / 32] as const);
      expect(real[k]).toBeCloseTo(turn.reduce((sum, [value, angle]) => sum + value * Math.cos(angle), 0), 10);
      expect(imaginary[k]).toBeCloseTo(turn.reduce((sum, [value, angle]) => sum + value * Math.sin(angle), 0), 10);
    }
  });

  it("have the power of the signal, at its frequency", () => {
    const samples = Array.from({ length: 6000 }, (_, k) => 3 * Math.sin((2 * Math.PI * 5 * k) / 100));
    const found = spectrum(samples, 100)!;
    const whole = found.power.reduce((sum, value) => sum + value, 0) * found.frequencies[1]!;
    expect(whole).toBeCloseTo(4.5, 1);
    const peak = found.power.indexOf(Math.max(...found.power));
    expect(found.frequencies[peak]).toBeCloseTo(5, 0);
    expect(spectrum([1, 2], 100)).toBeNull();
  });
});

describe("the band", () => {
  it("keeps what is within and takes away what is not, and nothing moves before its onset", () => {
    const rms = (frequency: number) => {
      const out = band(Array.from({ length: 4000 }, (_, k) => Math.sin((2 * Math.PI * frequency * k) / 100)), 100, 1, 15);
      return Math.sqrt(out.slice(2000).reduce((sum, value) => sum + value * value, 0) / 2000);
    };
    expect(rms(5)).toBeCloseTo(Math.SQRT1_2, 1);
    expect(rms(0.1)).toBeLessThan(0.02);
    expect(rms(45)).toBeLessThan(0.02);
    const step = band([...new Array<number>(100).fill(0), 200, ...new Array<number>(99).fill(0)], 100, 1, 15);
    expect(Math.max(...step.slice(0, 100).map(Math.abs))).toBeLessThan(2);
  });
});

describe("columns", () => {
  const next = uniform(11);
  const samples = Float32Array.from({ length: 1000 }, () => next() - 0.5);

  it.each([3, 10, 37])("of parts are those of the whole (%i a second)", (density) => {
    const whole = new Columns(1024);
    const [from, to] = whole.take(samples, 1, 1e9, 100, density);
    const parts = new Columns(1024);
    for (const [first, last] of [[400, 1000], [0, 137], [137, 400]] as const)
      parts.take(samples.subarray(first, last), 1, 1e9 + first / 100, 100, density);
    for (let column = from; column <= to; column += 1) {
      expect(parts.has(column)).toBe(true);
      expect(parts.low[parts.place(column)]).toBe(whole.low[whole.place(column)]);
      expect(parts.high[parts.place(column)]).toBe(whole.high[whole.place(column)]);
    }
  });

  it("hold the extremes of their samples", () => {
    const columns = new Columns(64);
    columns.take([1, 5, -2, 3], 1, 100, 2, 1);
    expect([columns.low[columns.place(100)], columns.high[columns.place(100)]]).toEqual([1, 5]);
    expect([columns.low[columns.place(101)], columns.high[columns.place(101)]]).toEqual([-2, 3]);
    expect(columns.has(102)).toBe(false);
  });

  it("that have gone out of the ring do not come back", () => {
    const columns = new Columns(4);
    columns.add(9, 0, 1);
    columns.add(5, 7, 8);
    expect([columns.has(9), columns.has(5), columns.high[columns.place(9)]]).toEqual([true, false, 1]);
  });
});
