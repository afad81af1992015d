/** Times and numbers in words. */

import { language, zone } from "./settings";
import { t } from "./words";

const two = (value: number) => String(value).padStart(2, "0");

/** The parts of an instant (ms) in the zone that was chosen. */
function parts(ms: number, utc: boolean): [date: string, time: string] {
  const at = new Date(ms);
  if (utc) return [at.toISOString().slice(0, 10), at.toISOString().slice(11, 19)];
  return [
    `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
  ];
}

/** `2026-03-01 12:00:05 UTC`, or in the time of this place. */
export function instant(ms: number, utc = zone.value === "utc"): string {
  const [date, time] = parts(ms, utc);
  return `${date} ${time} ${utc ? "UTC" : t("time.local")}`;
}

/** `12:00:05` in the zone that was chosen. */
export function clock(ms: number, utc = zone.value === "utc"): string {
  return parts(ms, utc)[1];
}

/** `2026-03-01` in the zone that was chosen. */
export function day(ms: number, utc = zone.value === "utc"): string {
  return parts(ms, utc)[0];
}

/** `5 min ago`. */
export function ago(ms: number, now = Date.now()): string {
  const seconds = Math.max(0, (now - ms) / 1000);
  const form = new Intl.RelativeTimeFormat(language.value, { style: "short", numeric: "always" });
  if (seconds < 90) return form.format(-Math.round(seconds), "second");
  if (seconds < 5400) return form.format(-Math.round(seconds / 60), "minute");
  if (seconds < 129_600) return form.format(-Math.round(seconds / 3600), "hour");
  return form.format(-Math.round(seconds / 86_400), "day");
}

/** A number with so many decimals, a dash for none. */
export function number(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toFixed(decimals).replace("-", "−");
}

/** Seconds as `4.2 s`, `3 min`, `2 h`. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 120) return `${number(seconds, seconds < 10 ? 1 : 0)} s`;
  if (seconds < 7200) return `${number(seconds / 60, 0)} min`;
  return seconds < 172_800 ? `${number(seconds / 3600, 0)} h` : `${number(seconds / 86_400, 0)} d`;
}

/** `35.700° N, 117.500° W` */
export function place(latitude: number, longitude: number): string {
  const [north, east] = [latitude >= 0 ? "N" : "S", longitude >= 0 ? t("east") : t("west")];
  return `${Math.abs(latitude).toFixed(3)}° ${north}, ${Math.abs(longitude).toFixed(3)}° ${east}`;
}

/** The instant (ms, with fractions) of ISO 8601 text in UTC. */
export function parse(iso: string): number {
  const [seconds, fraction] = iso.replace("Z", "").split(".");
  return Date.parse(`${seconds}Z`) + (fraction ? Number(`0.${fraction}`) * 1000 : 0);
}
