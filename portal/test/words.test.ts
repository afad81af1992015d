import { expect, it } from "vitest";
import { en } from "../src/words/en";
import { es } from "../src/words/es";

const places = (words: string) => (words.match(/\{\w+\}/g) ?? []).sort();

it("both languages have the same keys, and the same places in their words", () => {
  expect(Object.keys(es).sort()).toEqual(Object.keys(en).sort());
  for (const [key, words] of Object.entries(en)) {
    expect(places(es[key as keyof typeof en]), key).toEqual(places(words));
    expect(es[key as keyof typeof en].trim(), key).not.toBe("");
  }
});
