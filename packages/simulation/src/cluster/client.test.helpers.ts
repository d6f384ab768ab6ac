import { vi } from 'vitest';
import type { PodObject } from './pod-object.js';
import type { SimulatedCluster } from './start-cluster.js';

/** The client with which tests ask the simulated cluster: nothing but fetch, so that no library hides what is on the wire. */

const PODS = '/api/v1/pods';

export interface PodList {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly PodObject[];
}

export interface StatusBody {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly metadata: { readonly continue?: string };
}

export interface SeenEvent {
  readonly type: string;
  readonly object: PodObject & { readonly kind: string; readonly code?: number };
}

/** `GET /api/v1/pods` with these parameters. */
export function get(cluster: SimulatedCluster, query = '', headers: Record<string, string> = {}) {
  return fetch(`${cluster.url}${PODS}?${query}`, { headers });
}

export async function getJson<T>(cluster: SimulatedCluster, query = ''): Promise<T> {
  // Tests assert on what they read; a body of another shape fails them.
  return (await (await get(cluster, query)).json()) as T;
}

export async function listAll(cluster: SimulatedCluster, limit: number): Promise<PodList[]> {
  const pages = [await getJson<PodList>(cluster, `limit=${limit}`)];
  for (let token = nextToken(pages); token !== undefined; token = nextToken(pages))
    pages.push(await getJson<PodList>(cluster, `limit=${limit}&continue=${token}`));
  return pages;
}

function nextToken(pages: readonly PodList[]): string | undefined {
  return pages.at(-1)?.metadata.continue;
}

/** An open watch that collects its lines. */
export class TestWatch {
  readonly lines: string[] = [];
  readonly response: Response;
  /** Settles when the stream ends: undefined for an orderly end, else the error. */
  readonly ended: Promise<unknown>;
  /** The text after the last line end. */
  rest = '';
  readonly #abort: AbortController;

  static async open(cluster: SimulatedCluster, query = ''): Promise<TestWatch> {
    const abort = new AbortController();
    const response = await fetch(`${cluster.url}${PODS}?watch=1&${query}`, { signal: abort.signal });
    return new TestWatch(response, abort);
  }

  private constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.#abort = abort;
    this.ended = this.#read();
  }

  get events(): SeenEvent[] {
    return this.lines.map((line) => JSON.parse(line));
  }

  get types(): string[] {
    return this.events.map((event) => event.type);
  }

  /** Waits until there are this many lines. */
  async untilLines(count: number): Promise<SeenEvent[]> {
    await vi.waitFor(() => {
      if (this.lines.length < count) throw new Error(`${this.lines.length} of ${count} lines have come`);
    }, 5_000);
    return this.events;
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(): Promise<unknown> {
    const decoder = new TextDecoder();
    try {
      for await (const chunk of this.response.body ?? []) {
        const lines = (this.rest + decoder.decode(chunk, { stream: true })).split('\n');
        this.rest = lines.pop() ?? '';
        this.lines.push(...lines);
      }
      return undefined;
    } catch (err) {
      return err;
    }
  }
}
