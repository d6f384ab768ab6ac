import { describe, expect, it } from 'vitest';
import { NETWORK_STATUS, POD_NETWORKS, secondaryAddresses } from './secondary-networks.js';

const annotations = (status?: unknown, networks?: unknown) => ({
  ...(status === undefined ? {} : { [NETWORK_STATUS]: JSON.stringify(status) }),
  ...(networks === undefined ? {} : { [POD_NETWORKS]: JSON.stringify(networks) }),
});

describe('the addresses of annotations', () => {
  it('are those of the networks that Multus added, not of the default one', () => {
    const status = [
      { name: 'cbr0', interface: 'eth0', ips: ['10.64.0.5'], mac: 'aa', default: true, dns: {} },
      { name: 'shop/macvlan', interface: 'net1', ips: ['192.0.2.7', '2001:db8:0::7'], mac: 'bb', dns: {} },
      { name: 'shop/sriov', interface: 'net2', dns: {} },
      { name: 'a/bridge', interface: 'net3', ips: ['192.0.2.7'], dns: {} },
    ];
    // Before the kubelet has reported the default address, too.
    for (const ips of [['10.64.0.5'], []])
      expect(secondaryAddresses(annotations(status), ips)).toEqual([
        { network: 'a/bridge', ip: '192.0.2.7' },
        { network: 'shop/macvlan', ip: '192.0.2.7' },
        { network: 'shop/macvlan', ip: '2001:db8::7' },
      ]);
  });

  it("are those of a namespace's own primary network of OVN-Kubernetes, once", () => {
    const networks = {
      default: {
        ip_addresses: ['10.244.1.5/24'],
        ip_address: '10.244.1.5/24',
        role: 'infrastructure-locked',
      },
      'shop/blue': { ip_addresses: ['10.100.0.5/16'], ip_address: '10.100.0.5/16', role: 'primary' },
      'shop/old': { ip_address: '10.101.0.5/16' },
    };
    const status = [
      { name: 'ovn-kubernetes', interface: 'eth0', ips: ['10.244.1.5'], dns: {} },
      { name: 'ovn-kubernetes', interface: 'ovn-udn1', ips: ['10.100.0.5'], default: true, dns: {} },
    ];
    expect(secondaryAddresses(annotations(status, networks), ['10.244.1.5'])).toEqual([
      { network: 'shop/blue', ip: '10.100.0.5' },
      { network: 'shop/old', ip: '10.101.0.5' },
    ]);
  });

  it('are none where there are no annotations, or empty ones', () => {
    expect(secondaryAddresses({}, [])).toEqual([]);
    expect(secondaryAddresses({ [NETWORK_STATUS]: '', [POD_NETWORKS]: '{}' }, [])).toEqual([]);
  });

  it.each([
    ['{', NETWORK_STATUS],
    ['{}', NETWORK_STATUS],
    ['[null]', NETWORK_STATUS],
    ['[{"ips": ["10.0.0.1"]}]', NETWORK_STATUS],
    ['[{"name": "a", "ips": "10.0.0.1"}]', NETWORK_STATUS],
    ['[{"name": "a", "ips": ["10.0.0"]}]', NETWORK_STATUS],
    ['[]', POD_NETWORKS],
    ['{"a": 1}', POD_NETWORKS],
    ['{"a": {"ip_addresses": ["fe80::1%eth0/64"]}}', POD_NETWORKS],
  ])('are an error that names the annotation where that is malformed: %s', (text, name) => {
    expect(() => secondaryAddresses({ [name]: text }, [])).toThrow(`the annotation ${name} is not what`);
  });
});
