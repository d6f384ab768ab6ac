/** Node.js' codes of connections that fail: only in capitals, as "etcdserver" and "expired" are words of those that answer. */
const SOCKET_CODE = /\bE(?:ADDR|AI_|CONN|HOST|NET|NOTFOUND|PIPE|PROTO|TIMEDOUT)[A-Z]*\b/;
/** Node.js' words for connections, and podips' own for those that do not answer. */
const OF_A_SOCKET = /\b(?:connection|socket|connect|timed? out|within \d+ m?s)\b/i;

/** The status of a report for people, `042`; empty where there is none, as of a socket, of which there is only a reason. */
export function statusOf({
  code,
  message,
}: {
  readonly code: number | null;
  readonly message: string;
}): string {
  const isOfASocket = SOCKET_CODE.test(message) || OF_A_SOCKET.test(message);
  return code === null || isOfASocket ? '' : String(code).padStart(3, '0');
}
