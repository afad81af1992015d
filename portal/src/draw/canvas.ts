/** A canvas as sharp as the screen, drawn again when its size or the colours change. */

import { h } from "../dom";
import { dark } from "../settings";

export interface Sketch {
  canvas: HTMLCanvasElement;
  draw(): void;
  close(): void;
}

/** `draw` gets a context in CSS pixels and the size. */
export function sketch(
  label: string,
  draw: (context: CanvasRenderingContext2D, width: number, height: number) => void,
): Sketch {
  const canvas = h("canvas", { role: "img", "aria-label": label });
  const context = canvas.getContext("2d")!;
  let waiting = 0;
  const now = () => {
    waiting = 0;
    const [width, height, ratio] = [canvas.clientWidth, canvas.clientHeight, devicePixelRatio || 1];
    if (!width || !height) return;
    const [columns, lines] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== columns || canvas.height !== lines) [canvas.width, canvas.height] = [columns, lines];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    context.lineWidth = 1;
    draw(context, width, height);
  };
  const soon = () => (waiting ||= requestAnimationFrame(now));
  const watched = new ResizeObserver(soon);
  watched.observe(canvas);
  const unfollow = dark.follow(soon);
  return {
    canvas,
    draw: soon,
    close: () => {
      watched.disconnect();
      unfollow();
      cancelAnimationFrame(waiting);
    },
  };
}
