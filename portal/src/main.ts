/** The portal: what is around the pages, and which page is shown. */

import "./style.css";
import { follow, network, newEvent, refresh } from "./data/live";
import { locked } from "./data/service";
import { streamState } from "./data/stream";
import { announcer, h, select } from "./dom";
import { clock, number } from "./format";
import { event } from "./pages/event";
import { list } from "./pages/events";
import { explorer } from "./pages/explorer";
import { live } from "./pages/live";
import type { Page } from "./pages/page";
import { station } from "./pages/station";
import { synthetics } from "./pages/synthetics";
import { wall } from "./pages/wall";
import { waveforms } from "./pages/waveforms";
import { language, theme, token, zone } from "./settings";
import { t, type Key } from "./words";
import licenses from "virtual:terms";

const PAGES: Record<string, Page> = { "": live, events: list, event, waveforms, station, explorer, synthetics, wall };
const LINKS: readonly [string, Key][] = [
  ["", "nav.map"],
  ["events", "nav.events"],
  ["waveforms", "nav.waveforms"],
  ["explorer", "nav.explorer"],
  ["synthetics", "nav.synthetics"],
  ["wall", "nav.wall"],
];

const main = h("main", { id: "main", tabindex: -1 });
const told = announcer();
let close: () => void = () => undefined;
let closeFrame: () => void = () => undefined;

/** Show the page of the address; `moved` says that a person went there, so that the keyboard goes along. */
function show(moved: boolean): void {
  close();
  const [name = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const page = PAGES[name] ?? live;
  main.replaceChildren();
  document.title = `${t(page.title)} · ${network.value?.title ?? "Wadati"}`;
  for (const link of document.querySelectorAll("nav a"))
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  close = page.open(main, rest);
  if (moved) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

/** Everything around the pages, in the language that is chosen now. */
function frame(): void {
  closeFrame();
  document.documentElement.lang = language.value;
  const title = h("span", { class: "title" });
  const state = h("span", { class: "state" });
  const time = h("time", { class: "time" });
  const links = LINKS.map(([name, key]) => h("li", null, h("a", { href: `#/${name}` }, t(key))));
  document.body.replaceChildren(
    h("a", { class: "skip", href: "#main", onclick: (event) => (event.preventDefault(), main.focus()) }, t("nav.skip")),
    h(
      "header",
      null,
      h("a", { class: "brand", href: "#/" }, h("span", { class: "mark", "aria-hidden": "true" }), title),
      h("nav", { "aria-label": t("nav.main") }, h("ul", null, ...links)),
      h("div", { class: "right" }, state, time, settings()),
    ),
    main,
    told,
  );
  const tick = () => {
    const now = Date.now();
    time.textContent = `${clock(now, true)} UTC · ${clock(now, false)} ${t("time.local")}`;
  };
  tick();
  const timer = setInterval(tick, 1000);
  const closers = [
    network.follow((now) => {
      title.textContent = now?.title ?? "Wadati";
      // A service without Green's functions has no such page to go to.
      links[LINKS.findIndex(([name]) => name === "synthetics")]!.hidden = now !== null && !now.synthetics;
    }),
    streamState.follow((now) => {
      const keys = { open: "stream.open", connecting: "stream.connecting", down: "stream.off" } as const;
      state.className = `state ${now}`;
      state.textContent = t(keys[now]);
    }),
    locked.follow((is) => is && (told.textContent = t("token.needed"))),
  ];
  closeFrame = () => {
    clearInterval(timer);
    closers.forEach((one) => one());
  };
}

function settings(): HTMLElement {
  const word = h("input", { type: "password", autocomplete: "off", value: token.value });
  const form = h(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        token.set(word.value.trim());
        void refresh();
        show(false);
      },
    },
    h("label", { class: "field" }, h("span", null, t("token")), word),
    h("button", { type: "submit" }, t("token.use")),
  );
  const element = h(
    "details",
    { class: "settings" },
    h("summary", null, t("nav.settings")),
    h(
      "div",
      { class: "menu" },
      select(t("language"), [["en", "English"], ["es", "Español"]] as const, language.value, (value) => language.set(value)),
      select(t("theme"), [["auto", t("theme.auto")], ["light", t("theme.light")], ["dark", t("theme.dark")]] as const, theme.value, (value) => theme.set(value)),
      select(t("time.zone"), [["utc", "UTC"], ["local", t("time.local")]] as const, zone.value, (value) => zone.set(value)),
      form,
      h("p", { class: "hint" }, t("token.hint")),
      h("p", { class: "hint" }, h("a", { href: licenses }, t("terms"))),
    ),
  );
  element.addEventListener("keydown", (event) => {
    if ((event as KeyboardEvent).key !== "Escape") return;
    element.open = false;
    element.querySelector("summary")!.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!element.contains(event.target as Node)) element.open = false;
  });
  return element;
}

addEventListener("hashchange", () => show(true));
let begun = false;
language.follow(() => {
  frame();
  show(false);
});
zone.follow(() => begun && show(false));
newEvent.follow((row) => {
  if (row) told.textContent = t("new.event", { magnitude: number(row.magnitude, 1), place: row.place || t("event.unnamed") });
});
begun = true;
follow();
