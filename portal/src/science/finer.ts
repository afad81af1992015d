/** Values between samples: those of the wave that the samples stand for, not of lines between them. */

const HALF = 8;

/**
 * `factor` times as many samples, by a sinc under a Hann window of eight samples on either side. Before the first sample
 * there is 0, after the last it stays.
 */
export function finer(samples: readonly number[], factor: number): Float64Array {
  const made = new Float64Array(Math.max(0, (samples.length - 1) * factor + 1));
  const weights = Array.from({ length: factor }, (_, part) => kernel(part / factor));
  const last = samples.length - 1;
  for (let k = 0; k < made.length; k += 1) {
    const [whole, part] = [Math.floor(k / factor), k % factor];
    if (part === 0) {
      made[k] = samples[whole]!;
      continue;
    }
    let sum = 0;
    weights[part]!.forEach((weight, j) => {
      const at = whole + 1 - HALF + j;
      if (at >= 0) sum += weight * samples[Math.min(at, last)]!;
    });
    made[k] = sum;
  }
  return made;
}

/** Weights of the samples around a place that lies `part` of a sample after one; their sum is 1. */
function kernel(part: number): Float64Array {
  const made = Float64Array.from({ length: 2 * HALF }, (_, j) => {
    const u = part - (j + 1 - HALF);
    const sinc = Math.abs(u) < 1e-9 ? 1 : Math.sin(Math.PI * u) / (Math.PI * u);
    return Math.abs(u) < HALF ? sinc * (0.5 + 0.5 * Math.cos((Math.PI * u) / HALF)) : 0;
  });
  const whole = made.reduce((a, b) => a + b);
  return made.map((one) => one / whole);
}
