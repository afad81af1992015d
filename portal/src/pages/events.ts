/** All events as a table that can be sorted. */

import { events } from "../data/live";
import type { EventRow } from "../data/types";
import { h } from "../dom";
import { filter, fitting } from "../filter";
import { instant, number } from "../format";
import { t, type Key } from "../words";
import { closing, type Page } from "./page";
import { badge, filters, notice, rowsNow } from "./parts";

const SHOWN = 200;
type Sort = "time" | "magnitude" | "depth" | "arrivals";
const COLUMNS: readonly [Sort | null, Key][] = [
  ["magnitude", "magnitude"],
  ["time", "time"],
  [null, "place"],
  ["depth", "depth.km"],
  ["arrivals", "arrivals"],
  [null, "mode"],
];

export const list: Page = {
  title: "nav.events",
  open(host) {
    let [sort, down, shown]: [Sort, boolean, number] = ["time", true, SHOWN];
    const body = h("div", { class: "scroll table" });
    const said = notice();
    const draw = () => {
      const rows = fitting(rowsNow(), filter.value);
      const value = (row: EventRow) => row[sort] ?? -Infinity;
      rows.sort((a, b) => (down ? value(b) - value(a) : value(a) - value(b)));
      const heads = COLUMNS.map(([name, key]) => {
        if (name === null) return h("th", { scope: "col" }, t(key));
        const order = name === sort ? (down ? "descending" : "ascending") : null;
        const press = () => {
          [sort, down] = [name, name === sort ? !down : true];
          draw();
          body.querySelector<HTMLButtonElement>(`[data-sort=${name}]`)?.focus();
        };
        return h(
          "th",
          { scope: "col", "aria-sort": order, class: name === "time" ? null : "number" },
          h("button", { type: "button", "data-sort": name, onclick: press }, t(key)),
        );
      });
      const more = rows.length > shown;
      body.replaceChildren(
        h("p", { class: "count" }, events.value === null ? t("loading") : t("events.count", { count: rows.length })),
        h(
          "table",
          null,
          h("caption", { class: "hidden" }, t("nav.events")),
          h("thead", null, h("tr", null, ...heads)),
          h("tbody", null, ...rows.slice(0, shown).map(line)),
        ),
        more
          ? h("button", { type: "button", class: "more", onclick: () => ((shown += SHOWN), draw()) }, t("events.more"))
          : h("span"),
      );
    };
    host.append(h("div", { class: "sheet" }, h("h1", null, t("nav.events")), said.element, filters(), body));
    return closing(said.close, events.follow(draw), filter.follow(draw));
  },
};

function line(row: EventRow): HTMLElement {
  return h(
    "tr",
    null,
    h("td", { class: "number" }, badge(row)),
    h("td", null, h("a", { href: `#/event/${encodeURIComponent(row.id)}` }, instant(row.time))),
    h("td", null, row.place, row.type === "earthquake" ? null : h("em", null, ` · ${row.type}`)),
    h("td", { class: "number" }, number(row.depth, 1)),
    h("td", { class: "number" }, String(row.arrivals)),
    h("td", null, row.mode === "manual" ? t("mode.manual") : t("mode.automatic")),
  );
}
