/** The live map with the list beside it. */

import { events, network, newEvent, problem } from "../data/live";
import type { EventRow } from "../data/types";
import { h, select } from "../dom";
import type { Colouring } from "../draw/palette";
import { filter, fitting } from "../filter";
import { Store } from "../store";
import { t } from "../words";
import { closing, type Page } from "./page";
import { eventList, filters, healthWords, legend, notice, rowsNow } from "./parts";

const LISTED = 200;
const by = new Store<Colouring>("depth");

export const live: Page = {
  title: "nav.map",
  open(host) {
    const place = h("div", { class: "map" });
    const list = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("nav.events") });
    const count = h("p", { class: "count" });
    const key = h("div", { class: "key" });
    const said = notice();
    host.append(
      h(
        "div",
        { class: "split" },
        h("div", { class: "stage" }, place, key),
        h(
          "aside",
          { "aria-label": t("map.side") },
          h("h1", null, t("map.heading")),
          said.element,
          filters(),
          select(t("map.colour"), [["depth", t("depth")], ["age", t("age")]] as const, by.value, (value) => by.set(value)),
          count,
          list,
        ),
      ),
    );
    const closers: (() => void)[] = [said.close];
    let closed = false;
    const listed = () => {
      const rows = fitting(rowsNow(), filter.value);
      const open = events.value === null ? t("loading") : t("events.count", { count: rows.length });
      count.textContent = `${open} · ${healthWords()}`;
      list.replaceChildren(rows.length ? eventList(rows, LISTED) : h("p", { class: "empty" }, events.value ? t("events.none") : ""));
      return rows;
    };
    closers.push(by.follow((value) => key.replaceChildren(legend(value))));
    closers.push(network.follow(() => void listed()));
    closers.push(events.follow(() => void listed()), filter.follow(() => void listed()));
    void showMap(place, () => closed).then((close) => (closed ? close() : closers.push(close)));
    return () => {
      closed = true;
      closing(...closers)();
    };
  },
};

/** The map of events and stations that follows the filter; also for the wall. */
export async function showMap(place: HTMLElement, closed: () => boolean): Promise<() => void> {
  const [{ LiveMap }] = await Promise.all([import("../map/map"), known()]);
  if (closed()) return () => undefined;
  const stations = (network.value?.stations ?? []).map((one) => [one.longitude, one.latitude] as const);
  const view = stations.length ? stations : rowsNow().map((one) => [one.longitude, one.latitude] as const);
  let map: InstanceType<typeof LiveMap>;
  try {
    map = new LiveMap(place, t("map.title"), by.value, view, ({ event, station }) => {
      if (event) location.hash = `#/event/${encodeURIComponent(event)}`;
      else if (station) location.hash = `#/station/${station}`;
    });
  } catch {
    // Without WebGL there is no map; the list beside it has all that it would show.
    place.append(h("p", { class: "empty" }, t("map.impossible")));
    return () => undefined;
  }
  const show = () => void map.events(fitting(rowsNow(), filter.value));
  const closers = [
    network.follow((now) => now && void map.stations(now.stations)),
    events.follow(show),
    filter.follow(show),
    by.follow((value) => void map.colour(value)),
    newEvent.follow((row: EventRow | null) => {
      if (row && Date.now() - row.time < 3_600_000) map.pulse(row.longitude, row.latitude);
    }),
  ];
  return closing(...closers, () => map.close());
}

/** Until stations and events are there, or cannot be had. */
function known(): Promise<void> {
  return new Promise((done) => {
    const closers: (() => void)[] = [];
    const look = () => {
      if (!(network.value && events.value) && !problem.value) return;
      // Listeners are told at once when they begin to follow; they are let go after that.
      queueMicrotask(() => closing(...closers)());
      done();
    };
    closers.push(network.follow(look), events.follow(look), problem.follow(look));
  });
}
