/** One event: where, when, how large, how well it is known, what stations recorded, and its review. */

import { json, ServiceError } from "../data/service";
import { events, network, rowOf } from "../data/live";
import { code, preferred, size, type EventDetail, type Origin, type WholeEvent } from "../data/types";
import { h, table } from "../dom";
import { duration, instant, number, parse, place } from "../format";
import { Draft } from "../review/draft";
import { reviewPanel } from "../review/panel";
import { token } from "../settings";
import { t } from "../words";
import { closing, type Page } from "./page";
import { inOrder, recordSection } from "./record-section";
import { synthesise } from "./synthetics";

export const event: Page = {
  title: "event.title",
  open(host, [name]) {
    const id = decodeURIComponent(name ?? "");
    const sheet = h("div", { class: "sheet event" }, h("h1", null, t("event.title")), h("p", { role: "status" }, t("loading")));
    host.append(sheet);
    let [closed, shown, close]: [boolean, string, () => void] = [false, "", () => undefined];
    const load = async (): Promise<void> => {
      try {
        const detail = await json<EventDetail>(`/portal/data/event/${encodeURIComponent(id)}`);
        const state = JSON.stringify(detail);
        if (closed || state === shown) return;
        shown = state;
        close();
        close = show(sheet, detail, () => void load());
      } catch (error) {
        if (closed) return;
        if (shown && error instanceof ServiceError && error.status === 404) {
          // It stays to be seen, and to be confirmed if that was a mistake.
          if (!sheet.querySelector(".cancelled")) sheet.prepend(h("p", { class: "notice cancelled", role: "status" }, t("event.cancelled")));
          shown = "cancelled";
        }
        if (shown) return;
        const words = error instanceof Error ? error.message : String(error);
        sheet.replaceChildren(h("h1", null, t("event.title")), h("p", { class: "notice" }, words));
      }
    };
    // A later version of the event comes with the list.
    let row = "";
    const unfollow = events.follow((rows) => {
      const now = JSON.stringify(rows?.find((one) => one.id === id) ?? null);
      if (now !== row || !rows) void load();
      row = now;
    });
    return () => {
      closed = true;
      closing(unfollow, close)();
    };
  },
};

function show(sheet: HTMLElement, detail: EventDetail, again: () => void): () => void {
  const { event } = detail;
  const origin = preferred(event);
  const magnitude = size(event);
  const draft = new Draft(detail, origin);
  const section = recordSection(origin, draft);
  const way = h("p", { class: "sub" }, h("a", { href: likeThis(event, origin) }, t("synthetics.event")));
  const side = h("div", { class: "aside" });
  const map = h("div", { class: "map small" });
  const name = magnitude ? `${magnitude.magnitude_type} ${number(magnitude.value, 1)}` : t("magnitude.unknown");
  document.title = `${name} · ${detail.place}`;
  sheet.replaceChildren(
    h("p", { class: "back" }, h("a", { href: "#/events" }, `← ${t("nav.events")}`)),
    h("h1", null, `${name} · ${detail.place}`),
    h("p", { class: "sub" }, `${instant(parse(origin.time), true)} · ${instant(parse(origin.time), false)}`),
    h("div", { class: "columns" }, h("div", null, facts(event, origin), downloads(event), way), map),
    section.element,
    side,
    arrivals(origin),
    magnitudes(event),
    origins(event, detail.superseded),
  );
  let closePanel: () => void = () => undefined;
  const unfollow = token.follow((word) => {
    closePanel();
    closePanel = () => undefined;
    if (!word) {
      draft.open.set(false);
      side.replaceChildren();
      return;
    }
    const panel = reviewPanel(detail, draft, again);
    side.replaceChildren(panel.element);
    closePanel = panel.close;
  });
  let [closed, closeMap]: [boolean, () => void] = [false, () => undefined];
  void drawMap(map, event, origin, detail.place, () => closed).then((close) => (closed ? close() : (closeMap = close)));
  const unfollowNetwork = network.follow((now) => (way.hidden = !now?.synthetics));
  return closing(section.close, unfollow, unfollowNetwork, () => {
    closed = true;
    closePanel();
    closeMap();
  });
}

async function drawMap(host: HTMLElement, event: WholeEvent, origin: Origin, where: string, closed: () => boolean): Promise<() => void> {
  const { LiveMap } = await import("../map/map");
  if (closed()) return () => undefined;
  let map: InstanceType<typeof LiveMap>;
  try {
    map = new LiveMap(host, t("map.title"), "depth", [[origin.longitude, origin.latitude]], ({ station }) => station && (location.hash = `#/station/${station}`));
  } catch {
    host.append(h("p", { class: "empty" }, t("map.impossible")));
    return () => undefined;
  }
  const here = [origin.longitude, origin.latitude] as const;
  void map.events([rowOf(event, where)]);
  const used = new Set(origin.arrivals.filter((one) => one.weight > 0).map(code));
  let fitted = false;
  const unfollow = network.follow((now) => {
    if (!now) return;
    void map.stations(now.stations);
    const near = now.stations.filter((one) => used.has(code(one))).map((one) => [one.longitude, one.latitude] as const);
    if (!fitted) map.fit([here, ...near]);
    fitted = true;
    const rays = near.map((station) => ["ray", [here, station]] as const);
    void map.extras([...rays, ["ellipse", ellipse(origin)] as const]);
  });
  return closing(unfollow, () => map.close());
}

/** The 95 % ellipse of the epicentre as a ring of points. */
function ellipse(origin: Origin): [number, number][] {
  const spread = origin.uncertainty;
  if (!spread) return [];
  const [turn, metres] = [(spread.semi_major_azimuth * Math.PI) / 180, 111_195];
  return Array.from({ length: 49 }, (_, k) => {
    const angle = (k / 48) * 2 * Math.PI;
    const [along, across] = [spread.semi_major * Math.cos(angle), spread.semi_minor * Math.sin(angle)];
    const north = along * Math.cos(turn) - across * Math.sin(turn);
    const east = along * Math.sin(turn) + across * Math.cos(turn);
    const shrink = Math.cos((origin.latitude * Math.PI) / 180);
    return [origin.longitude + east / metres / shrink, origin.latitude + north / metres];
  });
}

function facts(event: WholeEvent, origin: Origin): HTMLElement {
  const spread = origin.uncertainty;
  const used = origin.arrivals.filter((one) => one.weight > 0);
  const magnitude = size(event);
  const rows: [string, string][] = [
    [t("epicentre"), place(origin.latitude, origin.longitude)],
    [t("depth"), `${number(origin.depth / 1000, 1)} km${spread ? ` ± ${number(spread.depth_95 / 1000, 1)} km (95 %)` : ""}`],
    [t("magnitude"), magnitude ? `${magnitude.magnitude_type} ${number(magnitude.value, 2)} ± ${number(magnitude.uncertainty, 2)}` : "–"],
    [t("ellipse"), spread ? `${number(spread.semi_major / 1000, 1)} × ${number(spread.semi_minor / 1000, 1)} km` : "–"],
    [t("origin.error"), spread ? `± ${duration(spread.time_95)} (95 %)` : "–"],
    [t("gap"), origin.azimuthal_gap === null ? "–" : `${number(origin.azimuthal_gap, 0)}°`],
    [t("residual.rms"), origin.standard_error === null ? "–" : `${number(origin.standard_error, 2)} s`],
    [t("arrivals"), t("arrivals.used", { used: used.length, count: origin.arrivals.length })],
    [t("type"), event.event_type],
    [t("mode"), `${origin.evaluation_mode === "manual" ? t("mode.manual") : t("mode.automatic")} (${origin.evaluation_status})`],
    [t("method"), [origin.method, origin.earth_model].filter(Boolean).join(", ") || "–"],
  ];
  return h("dl", { class: "facts" }, ...rows.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

function downloads(event: WholeEvent): HTMLElement {
  const name = encodeURIComponent(event.event_id);
  const links: [string, string][] = [
    [`/events/${name}/index.html`, t("download.page")],
    [`/events/${name}/event.xml`, "QuakeML"],
    [`/feeds/detail/${name}.geojson`, "GeoJSON"],
    [`/events/${name}/arrivals.csv`, t("download.arrivals")],
  ];
  return h("ul", { class: "links", "aria-label": t("download") }, ...links.map(([href, words]) => h("li", null, h("a", { href }, words))));
}

/** The address of what stations would record of a source like this event. */
function likeThis(event: WholeEvent, origin: Origin): string {
  const mechanism = event.mechanisms.find((one) => one.mechanism_id === event.preferred_mechanism_id) ?? event.mechanisms[0];
  const plane = mechanism?.planes[0];
  const where = [origin.latitude.toFixed(3), origin.longitude.toFixed(3), (origin.depth / 1000).toFixed(1), (size(event)?.value ?? 4).toFixed(1)];
  return synthesise([...where.map(Number), ...(plane ? [plane.strike, plane.dip, plane.rake].map(Math.round) : [])]);
}

function arrivals(origin: Origin): HTMLElement {
  const rows = inOrder(origin.arrivals).map((one) => [
    h("a", { href: `#/station/${code(one)}` }, code(one)),
    one.phase,
    number(one.distance / 1000, 1),
    number(one.azimuth, 0),
    number(one.time_residual, 2),
    number(one.weight, 2),
  ]);
  const heads = [t("station"), t("phase"), t("distance.km"), t("azimuth"), t("residual"), t("weight")];
  return h("section", null, h("h2", null, t("arrivals")), h("div", scrolling(t("arrivals")), table(t("arrivals"), heads, rows, new Set([2, 3, 4, 5]))));
}

function magnitudes(event: WholeEvent): HTMLElement {
  const rows = event.magnitudes.flatMap((one) =>
    one.station_magnitudes.map((station) => [
      h("a", { href: `#/station/${code(station.source_id)}` }, code(station.source_id)),
      station.source_id.band + station.source_id.source + station.source_id.subsource,
      station.magnitude_type,
      number(station.value, 2),
      number(station.value - one.value, 2),
      station.weight > 0 ? "✓" : "–",
    ]),
  );
  const heads = [t("station"), t("channel"), t("type"), t("magnitude"), t("difference"), t("used")];
  const body = rows.length ? h("div", scrolling(t("magnitudes")), table(t("magnitudes"), heads, rows, new Set([3, 4]))) : h("p", null, t("magnitudes.none"));
  return h("section", null, h("h2", null, t("magnitudes")), body);
}

function origins(event: WholeEvent, superseded: Origin[]): HTMLElement {
  const chosen = preferred(event).origin_id;
  const rows = [...event.origins, ...superseded].map((one) => [
    one.origin_id === chosen ? "★" : "",
    instant(parse(one.time), true),
    place(one.latitude, one.longitude),
    number(one.depth / 1000, 1),
    one.evaluation_mode === "manual" ? t("mode.manual") : t("mode.automatic"),
    one.method,
  ]);
  const heads = [t("preferred"), t("time"), t("epicentre"), t("depth.km"), t("mode"), t("method")];
  return h("section", null, h("h2", null, t("origins")), h("div", scrolling(t("origins")), table(t("origins"), heads, rows, new Set([3]))));
}

const scrolling = (label: string) => ({ class: "scroll table", tabindex: 0, role: "region", "aria-label": label });
