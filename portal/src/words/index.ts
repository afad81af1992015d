/** Words in the language that was chosen. */

import { language } from "../settings";
import { en, type Key, type Words } from "./en";
import { es } from "./es";

export type { Key, Words };

const ALL: Record<"en" | "es", Words> = { en, es };

/** The words of a key, with `{name}` put in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return ALL[language.value][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}
