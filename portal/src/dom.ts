/** Elements in few words. */

type Child = Node | string | null | false | undefined;
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

/** An element; attributes named `on…` are listeners, `true` is an attribute without a value, null and false leave one away. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes | null = null,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A table; cells of `numbers` (columns) are set to the right. */
export function table(
  caption: string,
  heads: string[],
  rows: Child[][],
  numbers: ReadonlySet<number> = new Set(),
): HTMLTableElement {
  const align = (column: number) => (numbers.has(column) ? "number" : null);
  return h(
    "table",
    null,
    h("caption", { class: "hidden" }, caption),
    h("thead", null, h("tr", null, ...heads.map((head, k) => h("th", { scope: "col", class: align(k) }, head)))),
    h(
      "tbody",
      null,
      ...rows.map((row) => h("tr", null, ...row.map((cell, k) => h("td", { class: align(k) }, cell)))),
    ),
  );
}

/** A choice with its label. */
export function select<V extends string>(
  label: string,
  options: ReadonlyArray<readonly [V, string]>,
  value: V,
  change: (value: V) => void,
): HTMLLabelElement {
  const choice = h("select", { onchange: () => change(choice.value as V) });
  choice.append(...options.map(([name, words]) => h("option", { value: name, selected: name === value }, words)));
  return h("label", { class: "field" }, h("span", null, label), choice);
}

/** A line of text that readers of screens are told when it changes. */
export function announcer(): HTMLElement {
  return h("div", { class: "hidden", role: "status", "aria-live": "polite" });
}
