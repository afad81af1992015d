/** Asks the service; all addresses are on the host that gave the page. */

import { token } from "../settings";
import { Store } from "../store";
import { unpack, type Message } from "./blocks";

/** Whether the last answer said that a token is needed. */
export const locked = new Store<boolean>(false);

export class ServiceError extends Error {
  constructor(
    readonly status: number,
    words: string,
  ) {
    super(words);
  }
}

function headers(more: Record<string, string> = {}): Record<string, string> {
  return token.value ? { ...more, Authorization: `Bearer ${token.value}` } : more;
}

/** Ask; raises `ServiceError` with the words of the service. */
export async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  const given = headers((options.headers as Record<string, string> | undefined) ?? {});
  const answer = await fetch(path, { ...options, headers: given });
  if (answer.status === 401) locked.set(true);
  if (!answer.ok) {
    const told = (await answer.json().catch(() => null)) as { detail?: string } | null;
    throw new ServiceError(answer.status, told?.detail ?? `${answer.status} ${answer.statusText}`);
  }
  if (locked.value) locked.set(false);
  return answer;
}

export async function json<T>(path: string, options: RequestInit = {}): Promise<T> {
  return (await ask(path, options)).json() as Promise<T>;
}

/** Waveforms in blocks; what is undefined does not matter. */
export async function waveforms(query: Record<string, string | number | undefined>, signal?: AbortSignal): Promise<Message> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const words = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const answer = await ask(`/portal/data/waveforms?${words}`, signal ? { signal } : {});
  return unpack(await answer.arrayBuffer());
}

/** ISO 8601 of an instant (ms). */
export const iso = (ms: number) => new Date(ms).toISOString().replace("Z", "");
