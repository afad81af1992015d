/** What several pages show: the filter, lists of events, legends. */

import { events, network, problem } from "../data/live";
import { streamState } from "../data/stream";
import type { EventRow } from "../data/types";
import { h, select } from "../dom";
import { AGES, DEPTHS, type Colouring } from "../draw/palette";
import { change, filter } from "../filter";
import { ago, instant, number } from "../format";
import { t, type Key } from "../words";

const SPANS: readonly [string, Key][] = [
  ["", "filter.all"],
  ["1", "filter.hour"],
  ["24", "filter.day"],
  ["168", "filter.week"],
  ["720", "filter.month"],
  ["8760", "filter.year"],
];

/** Choices of time and magnitude. */
export function filters(): HTMLElement {
  const hours = filter.value.hours === null ? "" : String(filter.value.hours);
  const least = filter.value.least === null ? "" : String(filter.value.least);
  const sizes = ["", "0", "1", "2", "2.5", "3", "4", "5", "6"];
  if (!sizes.includes(least)) sizes.push(least);
  return h(
    "div",
    { class: "filters", role: "group", "aria-label": t("filter.title") },
    select(t("filter.time"), SPANS.map(([value, key]) => [value, t(key)] as const), hours, (value) =>
      change({ hours: value ? Number(value) : null, from: null, to: null }),
    ),
    select(t("filter.magnitude"), sizes.map((value) => [value, value ? `M ≥ ${value}` : t("filter.any")] as const), least, (value) =>
      change({ least: value ? Number(value) : null }),
    ),
  );
}

/** `M 4.2` in words and colour. */
export function badge(row: EventRow): HTMLElement {
  const magnitude = row.magnitude ?? NaN;
  const weight = magnitude >= 5 ? "great" : magnitude >= 3 ? "middle" : "small";
  return h("span", { class: `badge ${weight}` }, number(row.magnitude, 1));
}

/** Events as links, the latest first. */
export function eventList(rows: readonly EventRow[], most: number): HTMLElement {
  const items = rows.slice(0, most).map((row) =>
    h(
      "li",
      { "data-id": row.id },
      h(
        "a",
        { href: `#/event/${encodeURIComponent(row.id)}` },
        badge(row),
        h(
          "span",
          { class: "what" },
          h("strong", null, row.place || t("event.unnamed")),
          h("span", { class: "ago" }, ago(row.time)),
          h("span", null, `${instant(row.time)} · ${number(row.depth, 0)} km${row.mode === "manual" ? ` · ✓ ${t("mode.manual")}` : ""}`),
        ),
      ),
    ),
  );
  return h("ol", { class: "events" }, ...items);
}

/** What colours and triangles stand for. */
export function legend(by: Colouring): HTMLElement {
  const steps = by === "depth" ? DEPTHS : AGES;
  const words = (k: number): string => {
    const [limit] = steps[k]!;
    if (by === "depth") return limit === Infinity ? `> ${steps[k - 1]![0]} km` : `< ${limit} km`;
    const keys: Key[] = ["filter.hour", "filter.day", "filter.week", "filter.month", "legend.older"];
    return t(keys[k]!);
  };
  const swatch = (colour: string): HTMLElement => {
    const made = h("i", { class: "swatch", "aria-hidden": "true" });
    made.style.background = colour;
    return made;
  };
  return h(
    "ul",
    { class: "legend", "aria-label": t("legend.title") },
    ...steps.map(([, colour], k) => h("li", null, swatch(colour), words(k))),
  );
}

/** How stations do, counted. */
export function healthWords(): string {
  const stations = network.value?.stations ?? [];
  const well = stations.filter((one) => one.state === "ok").length;
  if (!network.value?.live) return t("health.none", { count: stations.length });
  return t("health.some", { well, count: stations.length });
}

/** A line that says when the stream is down or something could not be had; empty while all is well. */
export function notice(): { element: HTMLElement; close: () => void } {
  const element = h("p", { class: "notice", role: "status" });
  const show = () => {
    const words = problem.value || (streamState.value === "down" ? t("stream.down") : "");
    element.textContent = words;
    element.hidden = !words;
  };
  const all = [problem.follow(show), streamState.follow(show)];
  return { element, close: () => all.forEach((close) => close()) };
}

/** Events that are there, or an empty list while they are not. */
export const rowsNow = () => events.value ?? [];
