import { describe, expect, it } from 'vitest';
import { FluentServers } from './fluent-servers.js';

const [A, B, C] = ['a', 'b', 'c'].map((host) => ({ host, port: 24224 })) as [Server, Server, Server];
type Server = { host: string; port: number };
const MINUTE_MS = 60_000;

describe('the servers of a list', () => {
  it('are used in turn, each after the failure of the one before', () => {
    const servers = new FluentServers([A, B, C]);
    const used = [servers.current];
    for (const nowMs of [1, 2, 3]) {
      servers.failed(nowMs);
      used.push(servers.current);
    }
    expect(used).toEqual([A, B, C, A]);
  });

  it('that are preferred to the one in use have rested five minutes after they failed', () => {
    const servers = new FluentServers([A, B, C]);
    servers.failed(0);
    servers.failed(MINUTE_MS);
    expect(servers.current).toBe(C);
    expect(servers.rested(4.9 * MINUTE_MS)).toEqual([]);
    expect(servers.rested(5 * MINUTE_MS)).toEqual([A]);
    expect(servers.rested(6 * MINUTE_MS)).toEqual([A, B]);
  });

  it('rest again when they fail again', () => {
    const servers = new FluentServers([A, B]);
    servers.failed(0);
    servers.use(A);
    expect([servers.current, servers.place]).toEqual([A, 0]);
    servers.failed(6 * MINUTE_MS);
    expect([servers.current, servers.rested(10 * MINUTE_MS)]).toEqual([B, []]);
  });
});
