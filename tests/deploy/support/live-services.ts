import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readReaderSettings, startReader } from '@podips/reader';
import { createLogger } from '@podips/shared';
import { readWriterSettings, startWriter } from '@podips/writer';
import { startMonitor } from '../../../services/monitor/src/monitor.js';
import { readMonitorSettings } from '../../../services/monitor/src/settings.js';

/** Base URLs of a running reader, writer and monitor, by name. */
export interface LiveServices extends AsyncDisposable {
  readonly urls: Readonly<Record<string, string>>;
}

const NOWHERE = '127.0.0.1:1';

/** They find nothing that they need, but their HTTP servers are the real ones. */
export async function startLiveServices(): Promise<LiveServices> {
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-http-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const log = createLogger('test', 'silent');
  const env = {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    STATUS_DIR: dir,
    MONITOR_DATA_DIR: dir,
    CONFIG_DIR: dir,
    HOME: dir,
    QUEUE_HOST: NOWHERE,
    DB_HOST: '127.0.0.1',
    DB_PORT: '1',
    DB_WAIT_MS: '0',
    LOG_SERVER: '127.0.0.1',
    LOG_SERVER_PORT: '1',
    KUBE_APISERVER_URL: `http://${NOWHERE}`,
  };
  const reader = await startReader(readReaderSettings(['--incluster=false'], env), log);
  resources.defer(() => reader.stop());
  const writer = await startWriter(readWriterSettings(env), log);
  resources.defer(() => writer.stop());
  const monitor = await startMonitor(readMonitorSettings(env), log);
  resources.defer(() => monitor.stop());
  const running = resources.move();
  const url = (port: number) => `http://127.0.0.1:${port}`;
  return {
    urls: { reader: url(reader.httpPort), writer: url(writer.httpPort), monitor: url(monitor.port) },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
