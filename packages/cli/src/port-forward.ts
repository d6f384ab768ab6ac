import { spawn } from 'node:child_process';
import { CliError, EXIT } from './exit.js';

const SERVICE = 'service/podips-monitor';
const START_TIMEOUT_MS = 30_000;
const MAX_TEXT_CHARS = 2_000;

export interface ForwardOptions {
  /** Undefined: the current one. */
  readonly context: string | undefined;
  readonly namespace: string;
}

export interface PortForward {
  readonly url: URL;
  stop(): Promise<void>;
}

/** Lets kubectl forward a port of this machine to the monitor of a cluster. @throws {CliError} */
export async function startPortForward({ context, namespace }: ForwardOptions): Promise<PortForward> {
  const args = ['--namespace', namespace, 'port-forward', SERVICE, ':80'];
  if (context !== undefined) args.unshift('--context', context);
  const child = spawn('kubectl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<string>((resolve) => {
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      text = `${text}${part}`.slice(-MAX_TEXT_CHARS);
    });
    child.on('error', (err) => resolve(err.message));
    child.on('close', () => resolve(text.trim()));
  });
  const stop = async () => {
    child.kill();
    await ended;
  };
  const port = await Promise.race([
    portOf(child.stdout),
    ended.then((text) => new Error(text)),
    new Promise<Error>((resolve) => {
      const late = new Error(`kubectl did not forward a port within ${START_TIMEOUT_MS / 1_000} s`);
      setTimeout(resolve, START_TIMEOUT_MS, late).unref();
    }),
  ]);
  if (typeof port === 'number') return { url: new URL(`http://127.0.0.1:${port}`), stop };
  await stop();
  throw new CliError(
    EXIT.unreachable,
    `kubectl port-forward to ${SERVICE} in ${namespace} failed: ${port.message}`,
  );
}

/** Never settles when the output ends without one. */
function portOf(stdout: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    stdout.setEncoding('utf8').on('data', (part: string) => {
      text = `${text}${part}`.slice(-MAX_TEXT_CHARS);
      const [, port] = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(text) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
