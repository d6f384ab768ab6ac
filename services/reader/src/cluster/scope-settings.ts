import { bool, type Rule } from '@podips/shared';
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

type ScopeName = 'WATCH_NAMESPACES' | 'IGNORE_NAMESPACES';
type ScopeValues = Readonly<Record<ScopeName, string | undefined>>;

const listOf = (text = '') => {
  const names = text.split(',').map((part) => part.trim());
  return [...new Set(names.filter((part) => part !== ''))].sort();
};

const onlyNames =
  (name: ScopeName): Rule<ScopeValues> =>
  (values) =>
    listOf(values[name])
      .filter((part) => !NAMESPACE.test(part))
      .map(
        (part) => `${name} must list names of Kubernetes namespaces, separated by commas, but has "${part}"`,
      );

/** Rules of the settings of {@link scopeSettings}. */
export const scopeRules: readonly Rule<ScopeValues>[] = [
  onlyNames('WATCH_NAMESPACES'),
  onlyNames('IGNORE_NAMESPACES'),
  ({ WATCH_NAMESPACES: watched, IGNORE_NAMESPACES: ignored }) =>
    listOf(watched).length > 0 && listOf(ignored).length > 0
      ? ['IGNORE_NAMESPACES has no meaning beside WATCH_NAMESPACES: set one of them']
      : [],
];

/** Values that keep the rules. */
export function scopeSettings(values: ScopeValues): Scope {
  const watched = listOf(values.WATCH_NAMESPACES);
  return {
    namespaces: watched.length > 0 ? watched : undefined,
    ignored: listOf(values.IGNORE_NAMESPACES),
  };
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
