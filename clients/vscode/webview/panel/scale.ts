/** The axis of a plot: from where to where, and which round numbers stand on it. */

/** What a plot has to show. */
export interface Extent {
  least: number;
  most: number;
}

/** A bit more than that, from a round number to a round number. */
export interface Scale extends Extent {
  ticks: number[];
}

/** About so many steps. */
const STEPS = 5;

/** The least and the most of the values; none where there is no value. Bars begin at nought. */
export function extentOf(values: (number | undefined)[], hasNought: boolean): Extent | undefined {
  const there = values.filter((value) => value !== undefined);
  if (there.length === 0) {
    return undefined;
  }
  // One by one: as arguments they would be too many.
  const from = hasNought ? { least: 0, most: 0 } : { least: Infinity, most: -Infinity };
  return there.reduce(({ least, most }, value) => ({ least: Math.min(least, value), most: Math.max(most, value) }), from);
}

/** Round numbers around what is to be shown, at equal distances. */
export function scaleOf({ least, most }: Extent): Scale {
  // Halves first: the difference itself may be too large for a number.
  const half = most / 2 - least / 2;
  const step = half > 0 && Number.isFinite(half) ? roundStep((2 * half) / STEPS, half) : Math.abs(most) / 2 || 1;
  const from = Math.floor(least / step);
  const to = Math.max(Math.ceil(most / step), from + 1);
  const ticks = Array.from({ length: Math.min(to - from, 2 * STEPS) + 1 }, (_, index) => (from + index) * step);
  return { least: from * step, most: to * step, ticks: ticks.map((tick) => Number(tick.toPrecision(12))) };
}

/** 1, 2, 2.5 or 5 with noughts, not below `rough`. */
function roundStep(rough: number, otherwise: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((digit) => digit * power).find((one) => one >= rough);
  return step !== undefined && Number.isFinite(step) && step > 0 ? step : otherwise;
}
