import { type Environment, pause } from '@podips/shared';
import { type ChildProgram, canConnect, freePort, startChildProgram } from '@podips/simulation';

const START_DEADLINE_MS = 30_000;

export interface MonitorProcess {
  readonly port: number;
  readonly url: string;
  readonly process: ChildProgram;
}

/** Starts the real monitor as a process of its own, with bounds that no client of a benchmark reaches. */
export async function startMonitorProcess(dir: string, env: Environment = {}): Promise<MonitorProcess> {
  const port = await freePort();
  const process = startChildProgram({
    name: 'monitor',
    program: 'services/monitor/dist/main.js',
    env: {
      LOG_LEVEL: 'warn',
      MONITOR_DATA_DIR: dir,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(port),
      RATE_LIMIT_PER_SECOND: '1000000',
      CONNECTIONS_PER_CLIENT: '1000000',
      STREAMS_PER_CLIENT: '1000000',
      ...env,
    },
  });
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  while (!(await canConnect(port))) {
    if (deadline.aborted || !process.running)
      throw new Error(`the monitor did not start:\n${process.output()}`);
    await pause(50);
  }
  return { port, url: `http://127.0.0.1:${port}`, process };
}
