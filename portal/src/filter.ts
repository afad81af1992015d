/** The filter of all pages. */

import { ALL, type Filter } from "./data/filtering";
import { Store } from "./store";

export const filter = new Store<Filter>(ALL);

export function change(part: Partial<Filter>): void {
  filter.set({ ...filter.value, ...part });
}

export { ALL, fitting, type Box } from "./data/filtering";
