import { bool, SettingsError } from '@podips/shared';
import { str } from 'envalid';

/** Which pods of a cluster the reader watches. */
export interface Scope {
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  /** Left out; only where all namespaces are watched. */
  readonly ignored: readonly string[];
}

/** What a ledger is about. */
export interface RecordedScope extends Scope {
  /** Whether addresses on networks beside the default one have leases. */
  readonly secondaryNetworks: boolean;
}

export const scopeSpecs = {
  WATCH_NAMESPACES: str({
    default: undefined,
    desc: 'namespaces whose pods are watched, separated by commas; by default all. With it the reader needs a Role in each of them instead of its ClusterRole',
  }),
  IGNORE_NAMESPACES: str({
    default: undefined,
    desc: 'namespaces whose pods are left out, separated by commas; not together with `WATCH_NAMESPACES`',
  }),
  SECONDARY_NETWORKS: bool({
    default: false,
    desc: 'addresses on networks beside the default one have leases, too: those in the annotations of Multus and of OVN-Kubernetes',
  }),
};

/** As the API server accepts them: a DNS label. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** @throws {SettingsError} */
export function scopeSettings(values: {
  readonly WATCH_NAMESPACES: string | undefined;
  readonly IGNORE_NAMESPACES: string | undefined;
}): Scope {
  const problems: string[] = [];
  const read = (name: keyof typeof values) => {
    const names = (values[name] ?? '').split(',').map((part) => part.trim());
    const list = [...new Set(names.filter((part) => part !== ''))].sort();
    for (const wrong of list.filter((part) => !NAMESPACE.test(part)))
      problems.push(
        `${name} must list names of Kubernetes namespaces, separated by commas, but has "${wrong}"`,
      );
    return list;
  };
  const watched = read('WATCH_NAMESPACES');
  const ignored = read('IGNORE_NAMESPACES');
  if (watched.length > 0 && ignored.length > 0)
    problems.push('IGNORE_NAMESPACES has no meaning beside WATCH_NAMESPACES: set one of them');
  if (problems.length > 0) throw new SettingsError(problems);
  return { namespaces: watched.length > 0 ? watched : undefined, ignored };
}

/** Whether the pods of a namespace are watched. */
export function isWatched({ namespaces, ignored }: Scope, namespace: string): boolean {
  return (namespaces === undefined || namespaces.includes(namespace)) && !ignored.includes(namespace);
}

/** Whether everything that one scope watches is watched by the other. */
export function isWithin(scope: RecordedScope, other: RecordedScope): boolean {
  if (scope.secondaryNetworks && !other.secondaryNetworks) return false;
  if (scope.namespaces) return scope.namespaces.every((namespace) => isWatched(other, namespace));
  return other.namespaces === undefined && other.ignored.every((each) => scope.ignored.includes(each));
}
