import { isIP } from 'node:net';
import { canonicalIp } from '@podips/shared';

/** An address of a pod on a network beside the default one. */
export interface SecondaryAddress {
  /** As the annotation names it, often `namespace/name`. */
  readonly network: string;
  readonly ip: string;
}

export const NETWORK_STATUS = 'k8s.v1.cni.cncf.io/network-status';
export const POD_NETWORKS = 'k8s.ovn.org/pod-networks';
/** The interface of a pod's default network. */
const DEFAULT_INTERFACE = 'eth0';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The addresses that stand only in a pod's annotations: those of Multus (network-status of the Network Plumbing Working
 * Group) and of OVN-Kubernetes (pod-networks), in the order of their networks.
 * @param defaultIps of the pod's status, which the annotations repeat
 * @throws {TypeError} which names the annotation, for one that is not what its specification says
 */
export function secondaryAddresses(annotations: Fields, defaultIps: readonly string[]): SecondaryAddress[] {
  const ovn = parsed(annotations, POD_NETWORKS, ovnAddresses);
  // Multus shows an address of OVN's once more, under the name of the plugin.
  const known = new Set([...defaultIps, ...ovn.map(({ ip }) => ip)]);
  const multus = parsed(annotations, NETWORK_STATUS, multusAddresses).filter(({ ip }) => !known.has(ip));
  const unique = new Map(
    [...ovn.filter(({ ip }) => !defaultIps.includes(ip)), ...multus].map((each) => [keyOf(each), each]),
  );
  return [...unique.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const keyOf = ({ network, ip }: SecondaryAddress) => `${network} ${ip}`;

function parsed(
  annotations: Fields,
  name: string,
  read: (value: unknown) => SecondaryAddress[],
): SecondaryAddress[] {
  const text = annotations[name];
  if (text === undefined || text === '') return [];
  try {
    return read(JSON.parse(String(text)));
  } catch (cause) {
    throw new TypeError(`the annotation ${name} is not what it should be: ${String(text).slice(0, 200)}`, {
      cause,
    });
  }
}

/** `[{"name": "shop/macvlan", "interface": "net1", "ips": ["10.1.1.5"], "default": false}, …]` */
function multusAddresses(value: unknown): SecondaryAddress[] {
  if (!Array.isArray(value)) throw new TypeError('a list was expected');
  return value.flatMap((entry) => {
    const { name, interface: device, ips = [], default: isDefault } = fieldsOf(entry);
    if (isDefault === true || device === DEFAULT_INTERFACE) return [];
    return addresses(name, ips);
  });
}

/** `{"default": {…}, "shop/blue": {"ip_addresses": ["10.100.0.5/24"], "role": "primary"}}` */
function ovnAddresses(value: unknown): SecondaryAddress[] {
  return Object.entries(fieldsOf(value)).flatMap(([network, entry]) => {
    const { ip_addresses: list, ip_address: one } = fieldsOf(entry);
    if (network === 'default') return [];
    return addresses(network, list ?? (one === undefined ? [] : [one]));
  });
}

function addresses(network: unknown, ips: unknown): SecondaryAddress[] {
  if (typeof network !== 'string' || network === '' || !Array.isArray(ips))
    throw new TypeError('a network with a name and a list of addresses was expected');
  return ips.map((text) => {
    const [ip = ''] = String(text).split('/');
    if (isIP(ip) === 0 || ip.includes('%')) throw new TypeError(`${text} is no address`);
    return { network, ip: canonicalIp(ip) };
  });
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('an object was expected');
  return { ...value };
}
