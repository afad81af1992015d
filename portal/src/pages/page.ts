/** What a page is: it fills an element and gives back what ends it. */

import type { Key } from "../words";

export type Close = () => void;
export interface Page {
  title: Key;
  open(host: HTMLElement, rest: string[]): Close;
}

/** One function that calls many. */
export function closing(...all: (() => void)[]): Close {
  return () => {
    for (const close of all) close();
  };
}
