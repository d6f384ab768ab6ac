/** Binary search: index of the first item for which `matches` holds, given that it holds for all after it too. */
export function firstIndexWhere<T>(items: readonly T[], matches: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // The index is within bounds; T itself may include undefined.
    if (matches(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
