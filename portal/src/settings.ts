/** What a person chose, kept in the browser; a token only until the tab is closed. */

import { Store } from "./store";

export type Theme = "auto" | "light" | "dark";
export type Language = "en" | "es";
export type Zone = "utc" | "local";

function stored<T extends string>(name: string, choices: readonly T[], usual: T): Store<T> {
  let found: string | null = null;
  try {
    found = localStorage.getItem(`wadati.${name}`);
  } catch {
    // A browser may keep nothing; then the choice lasts as long as the page.
  }
  const store = new Store<T>(choices.includes(found as T) ? (found as T) : usual);
  store.follow((value) => {
    try {
      localStorage.setItem(`wadati.${name}`, value);
    } catch {
      // As above.
    }
  });
  return store;
}

const spanish = navigator.language.toLowerCase().startsWith("es");
export const theme = stored<Theme>("theme", ["auto", "light", "dark"], "auto");
export const language = stored<Language>("language", ["en", "es"], spanish ? "es" : "en");
export const zone = stored<Zone>("zone", ["utc", "local"], "utc");

const TOKEN = "wadati.token";
export const token = new Store<string>(sessionStorage.getItem(TOKEN) ?? "");
token.follow((word) => (word ? sessionStorage.setItem(TOKEN, word) : sessionStorage.removeItem(TOKEN)));

const preferred = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export const dark = new Store<boolean>(preferred.matches);
function look(): void {
  const now = theme.value === "auto" ? preferred.matches : theme.value === "dark";
  document.documentElement.dataset["theme"] = now ? "dark" : "light";
  if (now !== dark.value) dark.set(now);
}
preferred.addEventListener("change", look);
theme.follow(look);

/** A colour of the style sheet as it is now. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
