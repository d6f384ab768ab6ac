import { describe, expect, it } from 'vitest';
import { readSettings } from './read-settings.js';
import { baseUrl, hostName } from './validators.js';

describe('baseUrl', () => {
  it.each([
    ['monitor', 'http://monitor'],
    ['monitor:8080', 'http://monitor:8080'],
    ['https://monitor.example/', 'https://monitor.example'],
    ['http://proxy/podips/', 'http://proxy/podips'],
    ['[::1]:80', 'http://[::1]'],
  ])('takes %s as %s', (given, url) => {
    expect(readSettings({ specs: { U: baseUrl() }, env: { U: given } }).U).toBe(url);
  });
});

describe('hosts', () => {
  it.each([
    'monitor',
    'podips-monitor.podips.svc.cluster.local.',
    'my_host',
    '10.0.0.1',
    '::1',
    '2001:db8::1',
  ])('%s is one', (host) => {
    expect(readSettings({ specs: { H: hostName() }, env: { H: host } }).H).toBe(host);
  });

  it.each([
    'a b',
    'a,b',
    'monitor:80',
    'http://monitor',
    'monitor/x',
    '-a',
    'a..b',
    '[::1]',
    'mönitor',
    'x'.repeat(254),
  ])('%s is none', (host) => {
    expect(() => readSettings({ specs: { H: hostName() }, env: { H: host } })).toThrow(
      'H must be a host name or an IP address',
    );
  });

  it.each(['a,b', 'http://a b', 'http://', 'monitor:99999', 'ftp://monitor', 'http://a;b'])(
    '%s is no URL of one',
    (url) => {
      expect(() => readSettings({ specs: { U: baseUrl() }, env: { U: url } })).toThrow(
        'U must be a host, host:port or',
      );
    },
  );

  it.each([
    'http://me:secret@monitor',
    'me:secret@monitor:80',
    'http://secret@monitor',
    'http://monitor/?secret',
    'monitor/#secret',
  ])('what would be dropped of %s is refused', (url) => {
    const read = () => readSettings({ specs: { U: baseUrl() }, env: { U: url } });
    expect(read).toThrow('U must be without login, ? and #');
    if (url.includes('@')) expect(read).not.toThrow('secret');
  });
});
