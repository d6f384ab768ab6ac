/** A map is emptied in steps of this part of its limit: each step passes the places of all keys that were dropped before. */
const STEP = 0.1;

/** Sets the newest value of a map, and drops the oldest ones beyond a limit, which it exceeds by a tenth at most. */
export function putNewest<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= limit * (1 + STEP)) return;
  let surplus = map.size - limit;
  for (const oldest of map.keys()) {
    if (surplus <= 0) return;
    map.delete(oldest);
    surplus -= 1;
  }
}
