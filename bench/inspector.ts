import type { ChildProgram } from '@podips/simulation';
import { until } from './until.js';

/** Lets a process take any port for its inspector, once it is asked to open it. */
export const INSPECTABLE = '--inspect-port=127.0.0.1:0';

const OPEN_DEADLINE_MS = 10_000;
/** Finer than any pause that matters. */
const RESOLUTION_MS = 2;
/** Short beside the pauses that matter: the work in between is that of a pause, and of this time at the most. */
const LOOK_MS = 5;

/** What only a process itself can say. */
export interface Inspector extends Disposable {
  /** Bytes of its heap that are in use, garbage apart. */
  usedHeap(): Promise<number>;
  /** The longest times since the last call. */
  longestBlock(): Promise<Block>;
}

/** The longest times without the event loop, in milliseconds: they need not be of the same moment. */
export interface Block {
  readonly pauseMs: number;
  /** Of the processor, for work of its own: a pause that is longer waited for a processor, or for another thread. */
  readonly workMs: number;
  /** Of one garbage collection, which may have waited as well. */
  readonly collectionMs: number;
}

/** Watches the event loop of the process that it is evaluated in; `longest()` takes what was seen. */
const WATCH = `{
  const { monitorEventLoopDelay, PerformanceObserver } = process.getBuiltinModule('perf_hooks');
  const delays = monitorEventLoopDelay({ resolution: ${RESOLUTION_MS} });
  delays.enable();
  let work = 0;
  let collection = 0;
  const usedMs = () => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1_000; };
  let before = usedMs();
  setInterval(() => { const now = usedMs(); work = Math.max(work, now - before); before = now; }, ${LOOK_MS}).unref();
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) collection = Math.max(collection, duration);
  }).observe({ entryTypes: ['gc'] });
  globalThis.longest = () => {
    const seen = { pauseMs: delays.max / 1e6 - ${RESOLUTION_MS}, workMs: work, collectionMs: collection };
    delays.reset();
    work = collection = 0;
    return seen;
  };
}`;

/** Asks a process that was started with {@link INSPECTABLE}. */
export async function inspect(child: ChildProgram, signal: AbortSignal): Promise<Inspector> {
  child.kill('SIGUSR1');
  const address = () => /Debugger listening on (ws:\S+)/.exec(child.output())?.[1];
  await until(
    'the inspector is open',
    { deadlineMs: OPEN_DEADLINE_MS, signal },
    () => address() !== undefined,
  );
  const socket = new WebSocket(address() ?? '');
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('the inspector does not answer'));
  });
  const waiting = new Map<number, (result: unknown) => void>();
  let asked = 0;
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result);
    waiting.delete(id);
  };
  const ask = (method: string, params: object = {}) =>
    new Promise((resolve) => {
      asked += 1;
      waiting.set(asked, resolve);
      socket.send(JSON.stringify({ id: asked, method, params }));
    });
  const evaluate = async (expression: string) => {
    const answer = await ask('Runtime.evaluate', { expression, returnByValue: true });
    return (answer as { result: { value: unknown } }).result.value; // as the protocol says
  };
  await evaluate(WATCH);
  return {
    async usedHeap() {
      await ask('HeapProfiler.collectGarbage');
      return Number(await evaluate('process.memoryUsage().heapUsed'));
    },
    longestBlock: async () => (await evaluate('longest()')) as Block,
    [Symbol.dispose]: () => socket.close(),
  };
}
