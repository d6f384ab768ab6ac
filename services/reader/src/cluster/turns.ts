/** Runs work, at once or in its turn. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets so much work run at the same time, and the rest in the order in which it came. */
export function takeTurns(most: number): InTurn {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
