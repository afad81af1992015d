/** A Butterworth band of the fourth order, forwards only, so that onsets stay where they are and nothing comes before them. */

type Section = [b0: number, b1: number, b2: number, a1: number, a2: number];

/** Samples between two corners (Hz), without their mean; the band ends below half the sampling rate. */
export function band(samples: ArrayLike<number>, rate: number, low: number, high: number): Float64Array {
  let mean = 0;
  for (let k = 0; k < samples.length; k += 1) mean += samples[k]! / samples.length;
  const out = Float64Array.from(samples, (value) => value - mean);
  apply(out, section(low, rate, true));
  if (high < 0.45 * rate) apply(out, section(high, rate, false));
  return out;
}

/** A low or high pass of the second order by the bilinear transform. */
function section(corner: number, rate: number, highPass: boolean): Section {
  const warped = Math.tan((Math.PI * corner) / rate);
  const norm = 1 / (1 + Math.SQRT2 * warped + warped * warped);
  const gain = highPass ? norm : warped * warped * norm;
  const a1 = 2 * (warped * warped - 1) * norm;
  const a2 = (1 - Math.SQRT2 * warped + warped * warped) * norm;
  return [gain, highPass ? -2 * gain : 2 * gain, gain, a1, a2];
}

function apply(values: Float64Array, [b0, b1, b2, a1, a2]: Section): void {
  let [first, second] = [0, 0];
  for (let k = 0; k < values.length; k += 1) {
    const value = values[k]!;
    const out = b0 * value + first;
    first = b1 * value - a1 * out + second;
    second = b2 * value - a2 * out;
    values[k] = out;
  }
}
