/** The text of server-sent events (HTML Living Standard, 9.2), as far as the service uses it. */

export interface Parsed {
  messages: { id: string; kind: string; data: string }[];
  rest: string;
}

/** The whole messages of server-sent events in some text, and what is left of it. */
export function parseStream(text: string): Parsed {
  const parts = text.split("\n\n");
  const rest = parts.pop()!;
  const messages = [];
  for (const part of parts) {
    const fields: Record<string, string> = {};
    for (const line of part.split("\n")) {
      const at = line.indexOf(":");
      if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).replace(/^ /, "");
    }
    if (fields["data"] !== undefined)
      messages.push({ id: fields["id"] ?? "", kind: fields["event"] ?? "message", data: fields["data"] });
  }
  return { messages, rest };
}
