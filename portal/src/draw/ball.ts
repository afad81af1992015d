/** A beach ball: the lower half of the focal sphere from above, dark where P first moves up. It can be turned by hand. */

import { axes, otherPlane, placeOf, radiation, rayOf, turned, type Fault, type Vector } from "../science/mechanism";
import { colour } from "../settings";
import { sketch, type Sketch } from "./canvas";

const FINE = 2;

/** Draw the ball of a fault around a place of the canvas. */
export function drawBall(context: CanvasRenderingContext2D, fault: Fault, x: number, y: number, radius: number, letters: boolean): void {
  const ratio = FINE * (devicePixelRatio || 1);
  const size = Math.ceil(2 * radius * ratio);
  const made = new OffscreenCanvas(size, size);
  const inner = made.getContext("2d")!;
  const image = inner.createImageData(size, size);
  const up = radiation(fault);
  const dark = rgb(colour("ball"));
  const light = rgb(colour("ball-light"));
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const [east, north] = [(2 * (column + 0.5)) / size - 1, 1 - (2 * (row + 0.5)) / size];
      if (east * east + north * north > 1) continue;
      const [r, g, b] = up(rayOf(east, north)) > 0 ? dark : light;
      image.data.set([r!, g!, b!, 255], 4 * (row * size + column));
    }
  inner.putImageData(image, 0, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(made, x - radius, y - radius, 2 * radius, 2 * radius);
  context.strokeStyle = colour("ink");
  context.lineWidth = radius > 30 ? 1.2 : 1.5;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
  if (!letters) return;
  for (const one of [fault, otherPlane(fault)]) plane(context, one, x, y, radius);
  context.font = "600 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  const { t, p } = axes(fault);
  for (const [letter, axis, ground] of [["T", t, colour("ball")], ["P", p, colour("ball-light")]] as const) {
    const [east, north] = placeOf(axis);
    const [left, top] = [x + 0.93 * radius * east, y - 0.93 * radius * north];
    context.lineWidth = 4;
    context.strokeStyle = ground;
    context.strokeText(letter, left, top);
    context.fillStyle = letter === "T" ? colour("ball-light") : colour("ball");
    context.fillText(letter, left, top);
  }
}

/** A ball that whoever drags it turns; the place under the pointer follows it. */
export function ballSketch(label: string, fault: () => Fault, change: (fault: Fault) => void): Sketch {
  const [margin, above] = [4, 16];
  const middle = (width: number, height: number): [number, number, number] => {
    const radius = Math.min(width / 2, (height - above) / 2) - margin;
    return [width / 2, above + (height - above) / 2, radius];
  };
  const made = sketch(label, (context, width, height) => {
    const [x, y, radius] = middle(width, height);
    drawBall(context, fault(), x, y, radius, true);
    context.fillStyle = colour("muted");
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillText("N", x, y - radius - 6);
  });
  const { canvas } = made;
  const rayAt = (event: PointerEvent): Vector => {
    const [x, y, radius] = middle(canvas.clientWidth, canvas.clientHeight);
    const [east, north] = [(event.offsetX - x) / radius, (y - event.offsetY) / radius];
    const out = Math.max(1, Math.hypot(east, north));
    return rayOf(east / out, north / out);
  };
  let held: { ray: Vector; fault: Fault } | null = null;
  canvas.classList.add("turnable");
  canvas.addEventListener("pointerdown", (event) => {
    held = { ray: rayAt(event), fault: fault() };
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held) change(turned(held.fault, held.ray, rayAt(event)));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (held = null));
  return made;
}

/** Where a plane meets the lower half of the sphere. */
function plane(context: CanvasRenderingContext2D, { strike, dip }: Fault, x: number, y: number, radius: number): void {
  const [s, d] = [(strike * Math.PI) / 180, (dip * Math.PI) / 180];
  context.strokeStyle = colour("ink");
  context.lineWidth = 1.2;
  context.beginPath();
  for (let angle = 0; angle <= 180; angle += 2) {
    const [along, down] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
    const north = along * Math.cos(s) - down * Math.cos(d) * Math.sin(s);
    const east = along * Math.sin(s) + down * Math.cos(d) * Math.cos(s);
    const [right, up] = placeOf([north, east, down * Math.sin(d)]);
    context.lineTo(x + radius * right, y - radius * up);
  }
  context.stroke();
}

/** Red, green and blue of a colour of the style sheet, which is written as #rrggbb. */
function rgb(words: string): [number, number, number] {
  return [1, 3, 5].map((at) => Number.parseInt(words.slice(at, at + 2), 16)) as [number, number, number];
}
