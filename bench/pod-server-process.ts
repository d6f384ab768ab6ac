import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { PodServerCommand, PodServerNews, SeenChange } from './pod-server.js';

/** An API server with many pods, as a process of its own. */
export interface PodServerProcess {
  readonly url: string;
  /** Forgets all versions, and ends all watches. */
  expire(): void;
  /** The same, after a third of all pods were replaced by others, which have their addresses. */
  replaceThird(): void;
  /** Changes so many pods at an even pace. */
  change(count: number, perSecond: number): void;
  stop(): void;
}

/** @param onChanges called with the changes that the server has shown */
export async function startPodServer(
  pods: number,
  onChanges: (changes: readonly SeenChange[]) => void = () => undefined,
): Promise<PodServerProcess> {
  const server = fork(new URL('pod-server.js', import.meta.url), [String(pods)]);
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]; // its first message
  server.on('message', (news: PodServerNews) => onChanges(news.changes));
  const send = (command: PodServerCommand) => void server.send(command);
  return {
    url: `http://127.0.0.1:${port}`,
    expire: () => send({ what: 'expire' }),
    replaceThird: () => send({ what: 'replace-third' }),
    change: (count, perSecond) => send({ what: 'change', count, perSecond }),
    stop: () => void server.kill(),
  };
}
