/** For analysts: confirm, reject, set the type, prefer an origin, change picks and relocate. Shown with a token. */

import { json } from "../data/service";
import type { EventDetail } from "../data/types";
import { h, select } from "../dom";
import { clock, number, parse } from "../format";
import { token } from "../settings";
import { t, type Key } from "../words";
import { draftPicks, type ChangedPick, type Draft } from "./draft";

const TYPES = ["earthquake", "quarry blast", "explosion", "mining explosion", "rock burst", "landslide", "sonic boom", "other event", "not existing"] as const;

export interface Review {
  action: "confirm" | "reject" | "type" | "prefer" | "relocate";
  event_type?: string;
  origin_id?: string;
  picks?: ChangedPick[];
  comment?: string;
}

/** Send a review; the service makes a new origin of it and never edits one. */
export async function send(eventId: string, review: Review): Promise<void> {
  await json(`/events/${encodeURIComponent(eventId)}/review`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(review),
  });
}

/** The panel; `done` is called when the event has changed. */
export function reviewPanel(detail: EventDetail, draft: Draft, done: () => void): { element: HTMLElement; close: () => void } {
  const { event } = detail;
  const said = h("p", { role: "status", class: "said" });
  const comment = h("input", { type: "text", maxlength: 500, autocomplete: "off" });
  const buttons: HTMLButtonElement[] = [];
  const submit = async (review: Review): Promise<void> => {
    for (const one of buttons) one.disabled = true;
    said.textContent = t("review.sending");
    try {
      await send(event.event_id, { ...review, ...(comment.value ? { comment: comment.value } : {}) });
      said.textContent = t("review.done");
      done();
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
    }
    for (const one of buttons) one.disabled = false;
  };
  const button = (key: Key, review: () => Review, kind = ""): HTMLButtonElement => {
    const made = h("button", { type: "button", class: kind, onclick: () => void submit(review()) }, t(key));
    buttons.push(made);
    return made;
  };
  let type: string = event.event_type;
  let origin = event.preferred_origin_id ?? event.origins[0]!.origin_id;
  const types = [...new Set<string>([type, ...TYPES])].map((name) => [name, name] as const);
  const origins = [...event.origins, ...detail.superseded].map(
    (one) => [one.origin_id, `${clock(parse(one.time))} · ${number(one.depth / 1000, 1)} km · ${one.method || one.evaluation_mode}`] as const,
  );
  const edit = h("input", {
    type: "checkbox",
    onchange: () => {
      draft.open.set(edit.checked);
      draft.picks.set(draft.picks.value);
    },
  });
  const relocate = button("review.relocate", () => ({ action: "relocate", picks: draft.changes() }), "strong");
  const changes = h("p", { class: "count" });
  const table = h("div", { class: "scroll picks" });
  const inputs = new Map<string, () => void>();
  const unfollow = draft.picks.follow(() => {
    changes.textContent = t("review.changes", { count: draft.changes().length });
    if (!draft.open.value) {
      table.replaceChildren();
      inputs.clear();
    } else if (!inputs.size) table.replaceChildren(pickTable(draft, inputs));
    for (const show of inputs.values()) show();
  });
  const element = h(
    "section",
    { class: "review", "aria-labelledby": "review" },
    h("h2", { id: "review" }, t("review.title")),
    h("div", { class: "row" }, button("review.confirm", () => ({ action: "confirm" }), "strong"), button("review.reject", () => ({ action: "reject" }), "danger")),
    h(
      "div",
      { class: "row" },
      select(t("review.type"), types, type, (value) => (type = value)),
      button("review.set", () => ({ action: "type", event_type: type })),
    ),
    h(
      "div",
      { class: "row" },
      select(t("review.origin"), origins, origin, (value) => (origin = value)),
      button("review.prefer", () => ({ action: "prefer", origin_id: origin })),
    ),
    h("label", { class: "check" }, edit, t("review.edit")),
    table,
    changes,
    h("div", { class: "row" }, relocate, h("button", { type: "button", onclick: () => draft.forget() }, t("review.forget"))),
    h("label", { class: "field wide" }, h("span", null, t("review.comment")), comment),
    said,
    h("button", { type: "button", class: "quiet", onclick: () => token.set("") }, t("token.forget")),
  );
  return { element, close: unfollow };
}

/** The picks as a table with numbers: what can be dragged can also be typed. */
function pickTable(draft: Draft, inputs: Map<string, () => void>): HTMLTableElement {
  const rows = draftPicks(draft).map((one) => {
    const name = `${one.station} ${one.phase}`;
    const shift = h("input", {
      ...{ type: "number", step: 0.01, value: "0.00", "aria-label": t("review.shift", { name }) },
      onchange: () => draft.move(one.id, one.before + Number(shift.value) * 1000),
    });
    const used = h("input", {
      ...{ type: "checkbox", checked: one.used, "aria-label": t("review.use", { name }) },
      onchange: () => draft.use(one.id, used.checked),
    });
    inputs.set(one.id, () => {
      const now = draft.picks.value.get(one.id)!;
      used.checked = now.used;
      if (document.activeElement !== shift) shift.value = ((now.time - now.before) / 1000).toFixed(2);
    });
    return h("tr", null, h("th", { scope: "row" }, name), h("td", null, shift), h("td", null, used));
  });
  const heads = [t("pick"), t("review.shifted"), t("review.used")].map((words) => h("th", { scope: "col" }, words));
  return h("table", null, h("caption", { class: "hidden" }, t("review.picks")), h("thead", null, h("tr", null, ...heads)), h("tbody", null, ...rows));
}
