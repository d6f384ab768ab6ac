/** The values of a Prometheus text by name, labels included; empty when the service does not answer in time. */
export async function readMetrics(url: string, timeoutMs = 2_000): Promise<ReadonlyMap<string, number>> {
  const values = new Map<string, number>();
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    for (const line of (await response.text()).split('\n')) {
      const match = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line);
      if (match?.[1] !== undefined) values.set(match[1], Number(match[2]));
    }
  } catch {
    // The service is down or busy, which its absence from the map says.
  }
  return values;
}
