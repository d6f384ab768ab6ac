import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { ImageConfig } from './dockerfile.js';

/** A program of an image, started from exactly the image's files as the image's user. */
export interface Container {
  readonly name: string;
  /** Everything it wrote to both streams. */
  output(): string;
  /** Runs the image's healthcheck. @returns its exit code and what it said */
  probe(): Promise<{ code: number | null; said: string }>;
  /** SIGTERM. @returns the exit code, or the signal that ended it */
  stop(): Promise<number | NodeJS.Signals>;
}

export interface ContainerOptions {
  readonly name: string;
  /** The folder that stands for `/`. */
  readonly root: string;
  /** The folder of the base image's `node`. */
  readonly bin: string;
  readonly config: ImageConfig;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const KILL_AFTER_MS = 30_000;

/** Only root can become the image's user; for others the files are read-only all the same. */
function imageUser({ user }: ImageConfig): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid = Number.NaN, gid = Number.NaN] = user.split(':').map(Number);
  return { uid, gid };
}

/** Starts the image's entrypoint. It sees the image's environment and the given one, nothing of ours. */
export async function startContainer(options: ContainerOptions): Promise<Container> {
  const { name, root, config, env } = options;
  const user = imageUser(config);
  for (const folder of ['tmp', 'var/lib/podips']) {
    await mkdir(join(root, folder), { recursive: true });
    if (user) await chown(join(root, folder), user.uid, user.gid);
  }
  const run = (words: readonly string[]) => {
    const [program = '', ...args] = words.map((word) => (word.startsWith('/app/') ? join(root, word) : word));
    const environment = {
      ...config.env,
      STATUS_DIR: join(root, 'tmp'),
      MONITOR_DATA_DIR: join(root, 'var/lib/podips'),
      ...env,
      PATH: [options.bin, '/usr/bin', '/bin'].join(delimiter),
    };
    const cwd = join(root, config.workdir);
    return collect(
      spawn(program, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'], ...user }),
    );
  };
  const main = run([...config.entrypoint, ...options.command]);
  return {
    name,
    output: main.output,
    async probe() {
      const { ended, output } = run(config.healthcheck ?? []);
      const code = await ended;
      return { code: typeof code === 'number' ? code : null, said: output() };
    },
    async stop() {
      main.child.kill('SIGTERM');
      const hurry = setTimeout(() => main.child.kill('SIGKILL'), KILL_AFTER_MS);
      try {
        return await main.ended;
      } finally {
        clearTimeout(hurry);
      }
    },
  };
}

/** Collects what a child writes, and lets it not outlive us. */
export function collect(child: ChildProcess) {
  let text = '';
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  const ended = once(child, 'close').then(([code, signal]): number | NodeJS.Signals => code ?? signal);
  return { child, ended, output: () => text };
}
