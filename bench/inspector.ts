import type { ChildProgram } from '@podips/simulation';
import { until } from './until.js';

/** Lets a process take any port for its inspector, once it is asked to open it. */
export const INSPECTABLE = '--inspect-port=127.0.0.1:0';

const OPEN_DEADLINE_MS = 10_000;
/** Finer than any pause that matters. */
const RESOLUTION_MS = 2;

/** What only a process itself can say. */
export interface Inspector extends Disposable {
  /** Bytes of its heap that are in use, garbage apart. */
  usedHeap(): Promise<number>;
  /** The longest time for which its event loop was held up, since the last call, in milliseconds. */
  longestBlockMs(): Promise<number>;
}

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
    // As the protocol says.
    return Number((answer as { result: { value: unknown } }).result.value);
  };
  await evaluate(
    `globalThis.delays = process.getBuiltinModule('perf_hooks').monitorEventLoopDelay({ resolution: ${RESOLUTION_MS} }); delays.enable(); 0`,
  );
  return {
    async usedHeap() {
      await ask('HeapProfiler.collectGarbage');
      return evaluate('process.memoryUsage().heapUsed');
    },
    longestBlockMs: async () =>
      (await evaluate('{ const longest = delays.max; delays.reset(); longest }')) / 1e6 - RESOLUTION_MS,
    [Symbol.dispose]: () => socket.close(),
  };
}
