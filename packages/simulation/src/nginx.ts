import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Running } from '@podips/shared';
import { freePort } from './ports.js';
import { ServerProcess, ServerProcessError } from './server-process.js';
import { canConnect } from './tcp.js';

/** A real nginx on 127.0.0.1 and ::1. */
export interface Nginx extends Running {
  readonly port: number;
}

const PROGRAM = '/usr/sbin/nginx';

/**
 * @param server the content of its `server` block, without `listen`
 * @param http what stands before that block
 * @throws {ServerProcessError} SERVER_MISSING when Debian's package `nginx` is not installed, SERVER_FAILED
 */
export async function startNginx(server: string, http = ''): Promise<Nginx> {
  if (!existsSync(PROGRAM))
    throw new ServerProcessError('SERVER_MISSING', 'nginx is missing: install Debian\'s package "nginx"');
  const dir = await mkdtemp(join(tmpdir(), 'podips-nginx-'));
  const port = await freePort();
  const file = join(dir, 'nginx.conf');
  await writeFile(file, configuration(dir, port, server, http));
  let running: ServerProcess | undefined;
  const stop = async () => {
    await running?.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    running = await ServerProcess.start({
      name: 'nginx',
      program: PROGRAM,
      args: ['-p', dir, '-c', file, '-e', 'stderr'],
      ready: () => canConnect(port),
    });
  } catch (err) {
    await stop();
    throw err;
  }
  return { port, stop };
}

function configuration(dir: string, port: number, server: string, http: string): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${folders.map((name) => `${name}_temp_path ${dir}/${name};`).join('\n  ')}
  ${http}
  server {
    listen 127.0.0.1:${port};
    listen [::1]:${port};
    ${server}
  }
}
`;
}
