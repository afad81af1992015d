/**
 * Faults and what they send out. Vectors are (north, east, down); a fault dips to the right of its strike, rake is that of
 * the hanging wall from the strike (Aki & Richards 2002, section 4.5, box 4.4).
 */

export interface Fault {
  strike: number;
  dip: number;
  rake: number;
}

export type Vector = readonly [number, number, number];

const rad = (degrees: number) => (degrees * Math.PI) / 180;
const deg = (radians: number) => (radians * 180) / Math.PI;
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a: Vector, b: Vector): Vector => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const negative = (a: Vector): Vector => [-a[0], -a[1], -a[2]];

/** The unit normal of the fault (up) and the slip of its hanging wall. */
export function vectors({ strike, dip, rake }: Fault): { normal: Vector; slip: Vector } {
  const [sp, cp] = [Math.sin(rad(strike)), Math.cos(rad(strike))];
  const [sd, cd] = [Math.sin(rad(dip)), Math.cos(rad(dip))];
  const [sl, cl] = [Math.sin(rad(rake)), Math.cos(rad(rake))];
  return { normal: [-sd * sp, sd * cp, -cd], slip: [cl * cp + cd * sl * sp, cl * sp - cd * sl * cp, -sl * sd] };
}

/** The fault of a unit normal and slip, of which either may point up or down; strike 0 to 360, rake −180 to 180. */
export function faultOf(normal: Vector, slip: Vector): Fault {
  if (normal[2] > 0) [normal, slip] = [negative(normal), negative(slip)];
  const dip = Math.acos(Math.min(1, Math.max(-1, -normal[2])));
  const strike = Math.atan2(-normal[0], normal[1]);
  const level = slip[0] * Math.cos(strike) + slip[1] * Math.sin(strike);
  const up = -slip[2] * Math.sin(dip) + Math.cos(dip) * (slip[0] * Math.sin(strike) - slip[1] * Math.cos(strike));
  return { strike: (deg(strike) + 360) % 360, dip: deg(dip), rake: deg(Math.atan2(up, level)) };
}

/** The other plane on which the same waves could have come about. */
export function otherPlane(fault: Fault): Fault {
  const { normal, slip } = vectors(fault);
  return faultOf(slip, normal);
}

/** How P first moves along a ray, from −1 (down) to 1 (up), for faults of unit moment. */
export function radiation(fault: Fault): (ray: Vector) => number {
  const { normal, slip } = vectors(fault);
  return (ray) => 2 * dot(ray, normal) * dot(ray, slip);
}

/** Tension and pressure axes, pointing down. */
export function axes(fault: Fault): { t: Vector; p: Vector } {
  const { normal, slip } = vectors(fault);
  const axis = (sign: number): Vector => {
    const sum: Vector = [normal[0] + sign * slip[0], normal[1] + sign * slip[1], normal[2] + sign * slip[2]];
    const unit = Math.SQRT1_2;
    const down = sum[2] < 0 ? -unit : unit;
    return [sum[0] * down, sum[1] * down, sum[2] * down];
  };
  return { t: axis(1), p: axis(-1) };
}

/** The ray into the lower half that a place of the unit disk (x east, y north) stands for, in Lambert's projection. */
export function rayOf(x: number, y: number): Vector {
  const far = Math.min(1, Math.hypot(x, y));
  const takeoff = 2 * Math.asin(far / Math.SQRT2);
  const turn = Math.atan2(x, y);
  return [Math.sin(takeoff) * Math.cos(turn), Math.sin(takeoff) * Math.sin(turn), Math.cos(takeoff)];
}

/** Where a ray that points down stands on the unit disk. */
export function placeOf(ray: Vector): [x: number, y: number] {
  const takeoff = Math.acos(Math.min(1, Math.max(-1, ray[2])));
  const level = Math.hypot(ray[0], ray[1]) || 1;
  const far = Math.SQRT2 * Math.sin(takeoff / 2);
  return [(far * ray[1]) / level, (far * ray[0]) / level];
}

/** The fault turned as a sphere is by whoever takes it at one ray and moves it to another. */
export function turned(fault: Fault, from: Vector, to: Vector): Fault {
  const across = cross(from, to);
  const sine = Math.hypot(...across);
  const cosine = dot(from, to);
  if (sine < 1e-9) return fault;
  const axis: Vector = [across[0] / sine, across[1] / sine, across[2] / sine];
  // Rodrigues' formula.
  const turn = (v: Vector): Vector => {
    const [beside, along] = [cross(axis, v), dot(axis, v) * (1 - cosine)];
    return [0, 1, 2].map((k) => v[k]! * cosine + beside[k]! * sine + axis[k]! * along) as unknown as Vector;
  };
  const { normal, slip } = vectors(fault);
  return faultOf(turn(normal), turn(slip));
}
