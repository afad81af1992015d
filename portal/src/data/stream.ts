/**
 * The stream of events and picks. Read by fetch and not by EventSource, which can send no token.
 */

import { token } from "../settings";
import { Store } from "../store";
import { parseStream } from "./stream-text";

export type StreamState = "connecting" | "open" | "down";
export interface Told {
  kind: string;
  data: unknown;
}

const PAUSE_MS = 3000;
/** A line comes at least every 15 s; after so long without one the connection is taken for dead. */
const SILENCE_MS = 40_000;

export const streamState = new Store<StreamState>("connecting");

/** Call `tell` with each message, for as long as the page is there; what was missed while away comes again. */
export async function listen(tell: (told: Told) => void): Promise<never> {
  let last = "";
  for (;;) {
    try {
      await once(last, (id, told) => {
        last = id || last;
        tell(told);
      });
    } catch {
      // Said by the state; tried again below.
    }
    streamState.set("down");
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

async function once(last: string, tell: (id: string, told: Told) => void): Promise<void> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (last) headers["Last-Event-ID"] = last;
  if (token.value) headers["Authorization"] = `Bearer ${token.value}`;
  const ending = new AbortController();
  let timer = setTimeout(() => ending.abort(), SILENCE_MS);
  try {
    const answer = await fetch("/stream?kinds=event,pick", { headers, cache: "no-store", signal: ending.signal });
    if (!answer.ok || answer.body === null) return;
    streamState.set("open");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let held = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => ending.abort(), SILENCE_MS);
      const { messages, rest } = parseStream(held + value);
      held = rest;
      for (const { id, kind, data } of messages) tell(id, { kind, data: JSON.parse(data) });
    }
  } finally {
    clearTimeout(timer);
    ending.abort();
  }
}
