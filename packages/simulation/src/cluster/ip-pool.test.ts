import { expect, it } from 'vitest';
import { IpPool, MAX_POD_IPS, podIpv4, podIpv6 } from './ip-pool.js';

it('hands out the address that came back last', () => {
  const pool = new IpPool(3, podIpv4);
  const [first, second] = [pool.take(), pool.take()];
  pool.giveBack(second);
  pool.giveBack(first);
  expect([pool.take(), pool.take(), pool.take()]).toEqual([first, second, '10.64.0.3']);
  expect(pool.free).toBe(0);
  expect(() => pool.take()).toThrow(expect.objectContaining({ code: 'IP_POOL_EXHAUSTED' }));
});

it.each([
  [0, '10.64.0.1', 'fd00:10:64::1'],
  [254, '10.64.0.255', 'fd00:10:64::ff'],
  [255, '10.64.1.0', 'fd00:10:64::100'],
  [65_535, '10.65.0.0', 'fd00:10:64::1:0'],
  [MAX_POD_IPS - 1, '10.127.255.254', 'fd00:10:64::3f:fffe'],
])('writes address %i as %s and %s', (index, ipv4, ipv6) => {
  expect([podIpv4(index), podIpv6(index)]).toEqual([ipv4, ipv6]);
});
