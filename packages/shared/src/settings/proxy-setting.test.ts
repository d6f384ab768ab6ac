import { expect, it } from 'vitest';
import { proxyOf } from './proxy-setting.js';

const PROXY = 'http://proxy:3128/';
const NAME = 'https://api.shop.example:6443';

it.each<[string, string, string]>([
  ['nothing', NAME, ''],
  ['another domain', NAME, 'example.org, ample'],
  ['the domain in which only part of a label fits', NAME, 'hop.example'],
  ['the name with another port', NAME, 'api.shop.example:443'],
  ['another network', 'https://10.1.2.3', '10.2.0.0/16,192.168.0.1'],
  ['a network of the other family', 'https://[fd00::1]', '10.0.0.0/8'],
  ['the default port, which it has not', NAME, 'api.shop.example:443'],
  ['a network that is none', 'https://10.1.2.3', '10.0.0.0/99,10.1.2/24'],
])('HTTPS_PROXY holds where NO_PROXY names %s', (_, url, NO_PROXY) => {
  expect(proxyOf(new URL(url), { HTTPS_PROXY: PROXY, NO_PROXY })).toBe(PROXY);
});

it.each<[string, string, string]>([
  ['the name', NAME, 'other, API.shop.example'],
  ['the name and the port', NAME, 'api.shop.example:6443'],
  ['the name and the default port', 'https://api.example', 'api.example:443'],
  ['a domain above it', NAME, 'example'],
  ['a domain with a dot before it', NAME, '.shop.example'],
  ['a domain with a star before it', NAME, '*.example'],
  ['the address', 'https://10.1.2.3:6443', '10.1.2.3'],
  ['the address and the port', 'https://10.1.2.3:6443', '10.1.2.3:6443'],
  ['the address of IPv6 in another spelling', 'https://[fd00::1]:6443', 'fd00:0::1'],
  ['the address of IPv6 and the port', 'https://[fd00::1]:6443', '[fd00::1]:6443'],
  ['its network', 'https://10.1.2.3:6443', '10.0.0.0/8'],
  ['its network of IPv6', 'https://[fd00::1]:6443', 'fd00::/8'],
  ['everything', NAME, '*'],
])('HTTPS_PROXY does not hold where NO_PROXY names %s', (_, url, NO_PROXY) => {
  expect(proxyOf(new URL(url), { HTTPS_PROXY: PROXY, NO_PROXY })).toBeUndefined();
});

it.each(['https://localhost:6443', 'https://127.0.0.2', 'https://[::1]:6443'])('%s needs no proxy', (url) => {
  expect(proxyOf(new URL(url), { HTTPS_PROXY: PROXY })).toBeUndefined();
});

it('the variable is that of the scheme, in capitals first', () => {
  const env = { HTTPS_PROXY: 'secure:1', https_proxy: 'other:1', http_proxy: 'socks5://plain' };
  expect(proxyOf(new URL('https://api'), env)).toBe('http://secure:1/');
  expect(proxyOf(new URL('http://api'), env)).toBe('socks5://plain');
  expect(proxyOf(new URL('https://api'), {})).toBeUndefined();
});

it.each([
  ['http://', 'HTTPS_PROXY must be a URL, but is "http://"'],
  ['me:secret@', 'HTTPS_PROXY must be a URL, but is "***@"'],
  ['ftp://proxy', 'HTTPS_PROXY must be a URL that begins with http, https or socks5, but begins with ftp:'],
])('%s is a wrong setting', (HTTPS_PROXY, problem) => {
  expect(() => proxyOf(new URL('https://api'), { HTTPS_PROXY })).toThrow(problem);
});
