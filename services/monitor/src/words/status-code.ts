/** Node.js' words for connections, and podips' own for those that do not answer. */
const OF_A_SOCKET = /\bE[A-Z]{4,}\b|\b(?:connection|socket|connect|timed? out|within \d+ m?s)\b/i;

/** The status of a report for people, `042`; empty where there is none, as of a socket, of which there is only a reason. */
export function statusOf({
  code,
  message,
}: {
  readonly code: number | null;
  readonly message: string;
}): string {
  return code === null || OF_A_SOCKET.test(message) ? '' : String(code).padStart(3, '0');
}
