/** Words in the language that was chosen. */

import { language } from "../settings";
import { en } from "./en";
import { es } from "./es";

export type Key = keyof typeof en;
export type Words = Record<Key, string>;

const ALL: Record<"en" | "es", Words> = { en, es };

/** The words of a key, with `{name}` put in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return ALL[language.value][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}
