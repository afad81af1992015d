// The licenses of the packages whose code or data is built into the portal.
import { existsSync, readdirSync, readFileSync } from "node:fs";

interface Lock {
  packages: Record<string, { version?: string; license?: string; dev?: boolean; optional?: boolean }>;
}

/** Built in although they are only needed to build. */
const DATA = new Set(["node_modules/world-atlas"]);

export function licenses(): string {
  const lock = JSON.parse(readFileSync(new URL("./package-lock.json", import.meta.url), "utf8")) as Lock;
  const used = Object.entries(lock.packages).filter(([path, one]) => path && (!one.dev || DATA.has(path)));
  return used
    .map(([path, one]) => {
      const folder = new URL(`./${path}/`, import.meta.url);
      const file = existsSync(folder) ? readdirSync(folder).sort().find((name) => /^licen[cs]e/i.test(name)) : undefined;
      const words = file ? readFileSync(new URL(file, folder), "utf8").trim() : (one.license ?? "");
      return `${path.replace(/^.*node_modules\//, "")} ${one.version}\n\n${words}\n`;
    })
    .join(`\n${"-".repeat(72)}\n\n`);
}
