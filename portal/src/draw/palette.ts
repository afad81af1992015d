/** Colours of events by depth (km) and by age (h), the same on maps and in charts. */

export type Colouring = "depth" | "age";

/** Upper limits and colours; the last one has no limit. Told apart also without seeing colours: light to dark. */
export const DEPTHS: readonly [number, string][] = [
  [5, "#fde047"],
  [10, "#f9a825"],
  [20, "#ee6c4d"],
  [50, "#c2318f"],
  [150, "#7b3fb5"],
  [Infinity, "#3b4cc0"],
];
export const AGES: readonly [number, string][] = [
  [1, "#e5383b"],
  [24, "#f48c06"],
  [168, "#ffd60a"],
  [720, "#74c69d"],
  [Infinity, "#8d99ae"],
];

/** The colour of a value. */
export function colourOf(value: number, steps: readonly [number, string][]): string {
  return steps.find(([limit]) => value < limit)![1];
}

/** Radius of an event on a screen (pixels); one of unknown size is small. */
export function radiusOf(magnitude: number | null): number {
  return Math.max(2.5, Math.min(26, 3.2 * 1.42 ** Math.max(magnitude ?? 0, -1)));
}
