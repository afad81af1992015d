/** Power spectra by averaged periodograms (Welch 1967, doi:10.1109/TAU.1967.1161901). */

export interface Spectrum {
  frequencies: Float64Array;
  /** Power in squares of the unit per hertz, one-sided. */
  power: Float64Array;
}

/** The spectrum of samples taken `rate` times a second, in Hann windows of `length` (a power of two) that half overlap. */
export function spectrum(samples: ArrayLike<number>, rate: number, length = 1024): Spectrum | null {
  let size = length;
  while (size > samples.length) size /= 2;
  if (size < 16) return null;
  const window = Float64Array.from({ length: size }, (_, k) => Math.sin((Math.PI * (k + 0.5)) / size) ** 2);
  const norm = 2 / (rate * window.reduce((sum, value) => sum + value * value, 0));
  const power = new Float64Array(size / 2 + 1);
  const [real, imaginary] = [new Float64Array(size), new Float64Array(size)];
  let windows = 0;
  for (let first = 0; first + size <= samples.length; first += size / 2) {
    let mean = 0;
    for (let k = 0; k < size; k += 1) mean += samples[first + k]! / size;
    for (let k = 0; k < size; k += 1) real[k] = (samples[first + k]! - mean) * window[k]!;
    imaginary.fill(0);
    transform(real, imaginary);
    for (let k = 0; k < power.length; k += 1) power[k]! += real[k]! ** 2 + imaginary[k]! ** 2;
    windows += 1;
  }
  for (let k = 0; k < power.length; k += 1) power[k]! *= (k === 0 || k === size / 2 ? norm / 2 : norm) / windows;
  return { frequencies: Float64Array.from(power, (_, k) => (k * rate) / size), power };
}

/** Discrete Fourier transform in place; the length is a power of two (Cooley & Tukey 1965). */
export function transform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let k = 1, mirrored = 0; k < size; k += 1) {
    let bit = size >> 1;
    for (; mirrored & bit; bit >>= 1) mirrored ^= bit;
    mirrored ^= bit;
    if (k < mirrored) {
      [real[k], real[mirrored]] = [real[mirrored]!, real[k]!];
      [imaginary[k], imaginary[mirrored]] = [imaginary[mirrored]!, imaginary[k]!];
    }
  }
  for (let span = 2; span <= size; span *= 2) {
    const half = span / 2;
    for (let k = 0; k < half; k += 1) {
      const [cosine, sine] = [Math.cos((-2 * Math.PI * k) / span), Math.sin((-2 * Math.PI * k) / span)];
      for (let even = k; even < size; even += span) {
        const odd = even + half;
        const [x, y] = [
          real[odd]! * cosine - imaginary[odd]! * sine,
          real[odd]! * sine + imaginary[odd]! * cosine,
        ];
        [real[odd], imaginary[odd]] = [real[even]! - x, imaginary[even]! - y];
        [real[even], imaginary[even]] = [real[even]! + x, imaginary[even]! + y];
      }
    }
  }
}
