/** The binary answers of `/portal/data/waveforms` (see `wadati.formats.waveform_blocks`). */

export interface Block {
  /** NET.STA.LOC.CHA */
  channel: string;
  /** Seconds since 1970 of the first value. */
  start: number;
  /** Values or columns a second. */
  rate: number;
  /** 1: samples; 2: least and largest of each column. */
  width: 1 | 2;
  values: Float32Array;
}

export interface Message {
  cursor?: number;
  clock_ms?: number;
  blocks: Block[];
}

interface Described {
  channel: string;
  start_us: number;
  rate: number;
  count: number;
  width: 1 | 2;
  offset: number;
  scale: number;
}

export function unpack(buffer: ArrayBuffer): Message {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as Message & {
    blocks: Described[];
  };
  let at = 4 + length;
  const blocks = (head.blocks as unknown as Described[]).map((one): Block => {
    const integers = new Int16Array(buffer, at, one.count * one.width);
    at += 2 * integers.length;
    const values = Float32Array.from(integers, (value) => one.offset + one.scale * value);
    return { channel: one.channel, start: one.start_us / 1e6, rate: one.rate, width: one.width, values };
  });
  return { ...head, blocks };
}

/** NET.STA of NET.STA.LOC.CHA. */
export function stationOf(channel: string): string {
  return channel.split(".", 2).join(".");
}
