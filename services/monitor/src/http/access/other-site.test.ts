import { expect, test } from 'vitest';
import { isOfAnotherSite } from './other-site.js';

const HOST = 'monitor.example:8080';

test.each([
  ['says that it is another site', { 'sec-fetch-site': 'cross-site' }, true],
  ['says that it is a neighbour', { 'sec-fetch-site': 'same-site' }, true],
  ['says that it is the same', { 'sec-fetch-site': 'same-origin', referer: 'http://evil.example/' }, false],
  ['says that it is the user', { 'sec-fetch-site': 'none' }, false],
  ['has another origin', { origin: 'http://evil.example' }, true],
  ['has another port', { origin: 'http://monitor.example' }, true],
  ['hides its origin', { origin: 'null' }, true],
  ['has the same origin', { origin: `http://${HOST}`, referer: `http://${HOST}/leases` }, false],
  ['has another address', { referer: 'http://evil.example/monitor.example:8080' }, true],
  ['has a name that begins alike', { referer: `http://${HOST}.evil.example/` }, true],
  ['has the same address', { referer: `http://${HOST}/leases?ip=10.0.0.1` }, false],
  ['has no address that can be read', { referer: '<script>' }, true],
  ['is none, as of a program', {}, false],
])('a request of a page that %s', (_what, headers, expected) => {
  expect(isOfAnotherSite({ headers, host: HOST })).toBe(expected);
});

test.each([
  ['https://monitor.example', 'monitor.example:443', false],
  ['https://monitor.example', 'monitor.example:80', true],
  ['http://[2001:db8::1]:8080', '[2001:DB8::1]:8080', false],
  ['http://evil.example', '', true],
  ['http://evil.example', '<script>', true],
])('a page of %s is elsewhere than %j: %s', (origin, host, expected) => {
  expect(isOfAnotherSite({ headers: { origin }, host })).toBe(expected);
});
