/** The metrics of a service, at most a second old; empty when it does not answer in time. */
export async function readMetrics(url: string, timeoutMs = 2_000): Promise<ReadonlyMap<string, number>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    return parseMetrics(await response.text());
  } catch {
    // The service is down or busy, which its absence from the map says.
    return new Map();
  }
}

/** The values of a Prometheus text by name, labels included. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line);
    if (match?.[1] !== undefined) values.set(match[1], Number(match[2]));
  }
  return values;
}
