import type { Random } from './random.ts';

/**
 * How long something takes, ms. `quantiles`: what a dashboard gives; a lognormal through them, with another slope on each side of p95. `even`: spread
 * evenly, as the local providers do it.
 */
export type Curve =
  | { kind: 'fixed'; ms: number }
  | { kind: 'even'; fromMs: number; toMs: number }
  | { kind: 'quantiles'; p50Ms: number; p95Ms: number; p99Ms: number };

/** As many values as a draw chooses from: the last one stands for p99.99. */
const STEPS = 4_096;
/** Standard scores of p95 and p99. */
const Z95 = 1.644_854;
const Z99 = 2.326_348;
/** Spread of a lognormal of which only the mean is known: p95 is 2.3 times p50, p99 3.2 times. */
const SIGMA = 0.5;

/** Of one whose mean alone is known. */
export function curveOfMean(meanMs: number): Curve {
  if (meanMs === 0) return { kind: 'fixed', ms: 0 };
  const p50Ms = meanMs / Math.exp(SIGMA ** 2 / 2);
  return { kind: 'quantiles', p50Ms, p95Ms: p50Ms * Math.exp(SIGMA * Z95), p99Ms: p50Ms * Math.exp(SIGMA * Z99) };
}

function quantile(curve: Curve, part: number): number {
  switch (curve.kind) {
    case 'fixed':
      return curve.ms;
    case 'even':
      return curve.fromMs + (curve.toMs - curve.fromMs) * part;
    case 'quantiles': {
      const { p50Ms, p95Ms, p99Ms } = curve;
      const z = score(part);
      const [fromMs, slope, from] =
        z < Z95 ? [p50Ms, Math.log(p95Ms / p50Ms) / Z95, 0] : [p95Ms, Math.log(p99Ms / p95Ms) / (Z99 - Z95), Z95];
      return fromMs * Math.exp(slope * (z - from));
    }
    default:
      return curve satisfies never;
  }
}

/** Draws from the curve. A table, because a run draws once a device. */
export interface Draws {
  draw(): number;
  readonly meanMs: number;
  readonly mostMs: number;
}

export function drawsFrom(curve: Curve, random: Random): Draws {
  const values = Float64Array.from({ length: STEPS }, (_, at) => quantile(curve, (at + 0.5) / STEPS));
  return {
    draw: () => values[(random() * STEPS) | 0] as number,
    meanMs: values.reduce((sum, value) => sum + value, 0) / STEPS,
    mostMs: values[STEPS - 1] as number,
  };
}

/** Standard score of a part: the inverse of the normal distribution to some 4e-4 (Abramowitz and Stegun 26.2.23). */
function score(part: number): number {
  const tail = Math.min(part, 1 - part);
  const t = Math.sqrt(-2 * Math.log(Math.max(tail, 1e-12)));
  const z =
    t -
    (2.515_517 + 0.802_853 * t + 0.010_328 * t ** 2) / (1 + 1.432_788 * t + 0.189_269 * t ** 2 + 0.001_308 * t ** 3);
  return part < 0.5 ? -z : z;
}
