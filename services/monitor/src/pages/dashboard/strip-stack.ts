import type { SlotView } from '../../view/status-view.js';

export type SlotLight = SlotView['light'];

/** A part of a bar. */
export interface Layer {
  readonly light: SlotLight;
  readonly bottom: number;
  readonly height: number;
}

/** Bars are so many units high. */
export const FULL = 8;
/** The lights from the bottom of a bar to its top. */
export const STACK = ['unknown', 'grey', 'green', 'yellow', 'red'] as const;
/** Trouble stands out by its height too, for those who see no colours. */
const HEIGHTS: Readonly<Record<SlotLight, number>> = { green: 4, yellow: 6, red: FULL, grey: 2, unknown: 1 };
/** The least that is seen of an outage, however short. */
const LEAST = 0.75;

/**
 * The parts of the bar of a slot: each light as high as it is alone, times its share of the time. Trouble, and the worst
 * light, have at least {@link LEAST}, for which the highest part makes room.
 */
export function stackOf({ light, greenMs, yellowMs, redMs, unknownMs }: SlotView): Layer[] {
  const wholeMs = greenMs + yellowMs + redMs + unknownMs;
  // A slot that has just begun.
  if (wholeMs === 0) return [{ light, bottom: 0, height: HEIGHTS[light] }];
  const lengths = { unknown: 0, grey: 0, green: greenMs, yellow: yellowMs, red: redMs };
  lengths[light === 'grey' ? 'grey' : 'unknown'] = unknownMs;
  const wanted = STACK.map((one) => {
    const isTrouble = lengths[one] > 0 && (one === 'red' || one === 'yellow');
    const least = isTrouble || one === light ? LEAST : 0;
    return { light: one, height: Math.max(least, (lengths[one] / wholeMs) * HEIGHTS[one]) };
  });
  const sum = wanted.reduce((total, { height }) => total + height, 0);
  const highest = wanted.reduce((one, other) => (other.height > one.height ? other : one));
  let bottom = 0;
  return wanted
    .map((layer) =>
      layer === highest ? { ...layer, height: layer.height - Math.max(0, sum - FULL) } : layer,
    )
    .filter(({ height }) => height > 0)
    .map((layer) => {
      bottom += layer.height;
      return { ...layer, bottom: bottom - layer.height };
    });
}
