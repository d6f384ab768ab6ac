import type { OperationHealth } from '@podips/shared';
import type { KubeError } from './kube-error.js';

/** An API server that hands over to another is back within a second; a light that is red for less says nothing. */
export const LINK_GRACE_MS = 3_000;

/** How the feeds of a reader do, as one operation: it works while none of them fails. */
export class LinkHealth {
  readonly #health: OperationHealth;
  readonly #graceMs: number;
  /** The last failure of each feed that fails. */
  readonly #failing = new Map<string, KubeError>();
  #grace: NodeJS.Timeout | undefined;

  constructor(health: OperationHealth, graceMs: number) {
    this.#health = health;
    this.#graceMs = graceMs;
  }

  works(feed: string, what: string): void {
    this.#failing.delete(feed);
    if (this.#failing.size > 0) return;
    this.stop();
    this.#health.works(what);
  }

  /** What the server answers is reported at once; a link that is lost, once it has been lost for a while. */
  fails(feed: string, error: KubeError): void {
    this.#failing.set(feed, error);
    const isReported = this.#health.problem !== undefined;
    if (isReported || !isLostLink(error)) this.#report(error);
    else this.#grace ??= setTimeout(() => this.#reportAll(), this.#graceMs);
  }

  /** Nothing is reported any more that waits. */
  stop(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
  }

  #reportAll(): void {
    for (const failure of this.#failing.values()) this.#report(failure);
  }

  #report({ status, message }: KubeError): void {
    this.stop();
    this.#health.fails(status, message);
  }
}

/** Also where a load balancer answers in place of a server that it cannot reach (RFC 9110, 15.6.3 to 15.6.5). */
function isLostLink({ code, status }: KubeError): boolean {
  if (code === 'KUBE_REFUSED') return [502, 503, 504].includes(status);
  return code === 'KUBE_UNREACHABLE' || code === 'KUBE_WATCH_BROKEN';
}
