import { describe, expect, it } from 'vitest';
import { parseServers } from './server-list.js';

describe('parseServers', () => {
  it('accepts several servers, with and without a port, and IPv6', () => {
    expect(parseServers('a, b:61614,[::1]:7', 61613)).toEqual([
      { host: 'a', port: 61613 },
      { host: 'b', port: 61614 },
      { host: '::1', port: 7 },
    ]);
  });

  it.each(['', 'a,,b', 'a:0', 'a:70000', '::1'])('refuses "%s"', (list) => {
    expect(() => parseServers(list, 61613)).toThrow(/separated by commas/);
  });

  it('does not repeat the login of a URL', () => {
    expect(() => parseServers('tcp://me:se,cret@a:1', 61613)).toThrow(/has "tcp:\/\/\*\*\*@a:1"$/);
  });
});
