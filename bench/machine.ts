import { cpus, totalmem } from 'node:os';
import { withStompClient } from './stomp-client.js';

const BYTES_PER_GIB = 2 ** 30;

/** Describes in a line the machine of the measurement. */
export async function describeMachine(brokerPort: number, signal: AbortSignal): Promise<string> {
  const cores = cpus();
  const memory = `${(totalmem() / BYTES_PER_GIB).toFixed(0)} GiB`;
  const broker = await withStompClient(
    brokerPort,
    signal,
    async ({ headers }) => headers.server ?? 'unknown broker',
  );
  const model = cores[0]?.model.trim() || 'unknown processor';
  return `${cores.length} cores (${model}), ${memory}, Node ${process.version}, ${broker}, ${process.platform}`;
}
