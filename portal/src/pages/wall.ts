/** For a screen on a wall: map and traces, nothing to press. */

import { events, network } from "../data/live";
import { h } from "../dom";
import { filter, fitting } from "../filter";
import { clock, day } from "../format";
import { t } from "../words";
import { showMap } from "./live";
import { closing, type Page } from "./page";
import { eventList, healthWords, notice, rowsNow } from "./parts";
import { showLive } from "./waveforms";

const LISTED = 3;

export const wall: Page = {
  title: "nav.wall",
  open(host) {
    const map = h("div", { class: "map" });
    const waves = h("div", { class: "frame" });
    const said = h("p", { class: "count" });
    const time = h("p", { class: "clock" });
    const latest = h("div", { class: "latest" });
    const state = h("p", { class: "count" });
    const wrong = notice();
    document.body.classList.add("wall");
    host.append(
      h(
        "div",
        { class: "wallpage" },
        h("section", { class: "left", "aria-label": t("map.side") }, h("div", { class: "over" }, h("div", { class: "row" }, h("h1", null, network.value?.title ?? "Wadati"), time), state, wrong.element, latest), map),
        h("section", { class: "right", "aria-label": t("nav.waveforms") }, waves, said),
        h("a", { class: "leave", href: "#/" }, t("wall.leave")),
      ),
    );
    let closed = false;
    const closers: (() => void)[] = [wrong.close];
    const tick = () => (time.textContent = `${day(Date.now(), true)} ${clock(Date.now(), true)} UTC`);
    tick();
    const timer = setInterval(tick, 1000);
    let close: (() => void) | null = null;
    closers.push(
      events.follow(() => latest.replaceChildren(eventList(fitting(rowsNow(), filter.value), LISTED))),
      network.follow((now) => {
        state.textContent = healthWords();
        if (!now) return;
        host.querySelector("h1")!.textContent = now.title;
        if (now.live) close ??= showLive(waves, null, said);
        else said.textContent = t("waves.notLive");
      }),
    );
    void showMap(map, () => closed).then((end) => (closed ? end() : closers.push(end)));
    return () => {
      closed = true;
      document.body.classList.remove("wall");
      clearInterval(timer);
      close?.();
      closing(...closers)();
    };
  },
};
