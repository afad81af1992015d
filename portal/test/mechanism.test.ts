import { describe, expect, it } from "vitest";
import { finer } from "../src/science/finer";
import { axes, faultOf, otherPlane, placeOf, radiation, rayOf, turned, vectors, type Fault, type Vector } from "../src/science/mechanism";

const FAULTS: Fault[] = [
  { strike: 233, dip: 66, rake: -6 },
  { strike: 320, dip: 85, rake: 170 },
  { strike: 10, dip: 30, rake: 90 },
  { strike: 200, dip: 60, rake: -90 },
  { strike: 359, dip: 1, rake: 3 },
];
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

describe("faults", () => {
  it("are those of their vectors, which are at right angles", () => {
    for (const fault of FAULTS) {
      const { normal, slip } = vectors(fault);
      expect(dot(normal, slip)).toBeCloseTo(0, 12);
      const again = faultOf(normal, slip);
      for (const name of ["strike", "dip", "rake"] as const) expect(again[name]).toBeCloseTo(fault[name], 6);
    }
  });

  it("have another plane, whose other plane they are, with the same waves", () => {
    for (const fault of FAULTS) {
      const [other, up] = [otherPlane(fault), radiation(fault)];
      const again = radiation(otherPlane(other));
      for (let k = 0; k < 40; k += 1) {
        const ray = rayOf(Math.cos(k) * (k / 40), Math.sin(k) * (k / 40));
        expect(radiation(other)(ray)).toBeCloseTo(up(ray), 10);
        expect(again(ray)).toBeCloseTo(up(ray), 10);
      }
    }
  });

  it("have the other plane of Dreger's San Ramon solution", () => {
    const other = otherPlane({ strike: 233, dip: 66, rake: -6 });
    expect([other.strike, other.dip, other.rake].map(Math.round)).toEqual([325, 85, -156]);
  });

  it("push along T and pull along P", () => {
    for (const fault of FAULTS) {
      const [{ t, p }, up] = [axes(fault), radiation(fault)];
      expect(up(t)).toBeCloseTo(1, 10);
      expect(up(p)).toBeCloseTo(-1, 10);
      expect(Math.min(t[2], p[2])).toBeGreaterThanOrEqual(0);
    }
  });

  it("of a thrust push straight down, those of a normal fault pull", () => {
    expect(radiation({ strike: 0, dip: 45, rake: 90 })([0, 0, 1])).toBeCloseTo(1, 12);
    expect(radiation({ strike: 0, dip: 45, rake: -90 })([0, 0, 1])).toBeCloseTo(-1, 12);
  });
});

describe("a ball that is turned", () => {
  it("has under the pointer what it had where it was taken", () => {
    for (const fault of FAULTS) {
      const [from, to] = [rayOf(0.2, 0.5), rayOf(-0.6, 0.1)];
      const after = turned(fault, from, to);
      expect(radiation(after)(to)).toBeCloseTo(radiation(fault)(from), 10);
      const back = turned(after, to, from);
      expect(radiation(back)([0, 0.6, 0.8])).toBeCloseTo(radiation(fault)([0, 0.6, 0.8]), 10);
    }
  });

  it("taken at its rim turns like a compass", () => {
    const after = turned({ strike: 30, dip: 70, rake: 20 }, rayOf(0, 1), rayOf(1, 0));
    expect([after.strike, after.dip, after.rake].map((one) => Number(one.toFixed(6)))).toEqual([120, 70, 20]);
  });

  it("has places and rays that belong together", () => {
    for (const [x, y] of [[0, 0], [0.3, -0.4], [-0.9, 0.1], [0, 1]] as const) {
      const [east, north] = placeOf(rayOf(x, y));
      expect(east).toBeCloseTo(x, 9);
      expect(north).toBeCloseTo(y, 9);
    }
    expect(rayOf(0, 1)[0]).toBeCloseTo(1, 12);
    expect(rayOf(0, 0)).toEqual([0, 0, 1]);
  });
});

describe("values between samples", () => {
  it("are those of the wave", () => {
    const wave = (time: number) => Math.sin(1.3 * time) * Math.exp(-(((time - 40) / 9) ** 2));
    const found = finer(Array.from({ length: 80 }, (_, k) => wave(k)), 6);
    expect(found.length).toBe(79 * 6 + 1);
    found.forEach((value, k) => expect(Math.abs(value - wave(k / 6))).toBeLessThan(0.01));
  });

  it("stay where the last sample is, and samples stay themselves", () => {
    const step = [0, 0, 0, ...Array.from({ length: 20 }, () => 2)];
    const found = finer(step, 4);
    step.forEach((value, k) => expect(found[4 * k]).toBe(value));
    expect(found.at(-3)).toBeCloseTo(2, 1);
    expect(finer([], 4).length).toBe(0);
  });
});
