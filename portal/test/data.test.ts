import { describe, expect, it } from "vitest";
import { unpack } from "../src/data/blocks";
import { parseStream } from "../src/data/stream-text";
import { ALL, fitting } from "../src/data/filtering";
import type { EventRow } from "../src/data/types";
import { scale, ticks, timeTicks } from "../src/draw/scale";
import { colourOf, DEPTHS, radiusOf } from "../src/draw/palette";
import { cellsOf } from "../src/map/cell-names";

function message(values: number[], offset: number, step: number): ArrayBuffer {
  const head = JSON.stringify({
    cursor: 7,
    blocks: [{ channel: "XX.A..HHZ", start_us: 1_500_000, rate: 20, count: values.length / 2, width: 2, offset, scale: step }],
  });
  const padded = head + " ".repeat((4 - ((head.length + 4) % 4)) % 4);
  const buffer = new ArrayBuffer(4 + padded.length + 2 * values.length);
  new DataView(buffer).setUint32(0, padded.length, true);
  new Uint8Array(buffer, 4).set(new TextEncoder().encode(padded));
  new Int16Array(buffer, 4 + padded.length).set(values);
  return buffer;
}

it("blocks come out as they went in", () => {
  const found = unpack(message([-5, 5, 0, 7], 1000, 0.5));
  expect(found.cursor).toBe(7);
  expect(found.blocks[0]).toMatchObject({ channel: "XX.A..HHZ", start: 1.5, rate: 20, width: 2 });
  expect([...found.blocks[0]!.values]).toEqual([997.5, 1002.5, 1000, 1003.5]);
});

describe("the stream", () => {
  const text = 'retry: 2000\n\n: still here\n\nid: 5.a.1\nevent: event\ndata: {"a":1}\n\nid: 6\nevent: pick\ndata: {}\n\n';

  it("gives the same messages however it is cut", () => {
    const whole = parseStream(text).messages;
    expect(whole).toEqual([
      { id: "5.a.1", kind: "event", data: '{"a":1}' },
      { id: "6", kind: "pick", data: "{}" },
    ]);
    for (let cut = 0; cut <= text.length; cut += 1) {
      const first = parseStream(text.slice(0, cut));
      const second = parseStream(first.rest + text.slice(cut));
      expect([...first.messages, ...second.messages]).toEqual(whole);
    }
  });
});

describe("the filter", () => {
  const row = (time: number, magnitude: number | null, longitude: number) =>
    ({ id: `${time}`, time, magnitude, longitude, latitude: 10, depth: 5 }) as EventRow;
  const rows = [row(3000, 2, 179), row(2000, null, -179), row(1000, 4, 0)];

  it("keeps the order and all events where nothing is asked", () => expect(fitting(rows, ALL)).toEqual(rows));

  it("goes by time, size and box, also across 180 degrees", () => {
    const ids = (part: Partial<typeof ALL>) => fitting(rows, { ...ALL, ...part }).map((one) => one.id);
    expect(ids({ from: 1500 })).toEqual(["3000", "2000"]);
    expect(ids({ least: 3 })).toEqual(["1000"]);
    expect(ids({ box: [170, 0, -170, 20] })).toEqual(["3000", "2000"]);
    expect(ids({ box: [-10, 11, 10, 20] })).toEqual([]);
  });
});

describe("scales", () => {
  it("go there and back", () => {
    const x = scale([3, 9], [100, 40]);
    for (const value of [3, 4.5, 9]) expect(x.invert(x(value))).toBeCloseTo(value, 12);
  });

  it.each([
    [0, 1],
    [-117.6, -117.3],
    [0.001, 0.0042],
    [-3, 9000],
  ])("have round numbers within %f and %f", (low, high) => {
    const found = ticks(low, high);
    expect(found.length).toBeGreaterThan(2);
    expect(found.length).toBeLessThan(14);
    for (const value of found) expect(value >= low - 1e-9 && value <= high + 1e-9).toBe(true);
  });

  it("of time stand on whole minutes and days", () => {
    expect(timeTicks(0, 600_000, 10).times).toContain(60_000);
    expect(timeTicks(0, 10 * 86_400_000, 5).days).toBe(true);
    expect(timeTicks(0, 40 * 365 * 86_400_000, 5).times.length).toBeLessThan(9);
  });
});

it("colours and sizes grow with depth and magnitude", () => {
  expect(colourOf(4.9, DEPTHS)).toBe(DEPTHS[0]![1]);
  expect(colourOf(1000, DEPTHS)).toBe(DEPTHS.at(-1)![1]);
  expect(radiusOf(null)).toBeLessThan(radiusOf(2));
  expect(radiusOf(3)).toBeLessThan(radiusOf(6));
});

it("cells cover a view, and are none of too large a one", () => {
  expect(cellsOf({ west: -118, south: 35, east: -117, north: 36 })).toEqual([[-120, 30]]);
  expect(cellsOf({ west: 175, south: -5, east: 185, north: 5 })).toHaveLength(4);
  expect(cellsOf({ west: -180, south: -80, east: 180, north: 80 })).toEqual([]);
});
