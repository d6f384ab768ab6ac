import type { WorkloadName } from './facts.js';

/** Far more than clusters have of names, nodes, revisions and causes; beyond it they are kept anew. */
const MAX_KEPT = 50_000;

/** Shares what many facts have in common: read from a database, each would have its own copy. */
export interface Interner {
  text(value: string): string;
  /** @param path its namespace, kind and name */
  workload(cluster: string, path: string): WorkloadName;
}

export function createInterner(): Interner {
  const texts = new Map<string, string>();
  const workloads = new Map<string, WorkloadName>();
  return {
    text: (value) => texts.get(value) ?? keep(texts, value, value),
    workload(cluster, path) {
      const known = workloads.get(path);
      if (known?.cluster === cluster) return known;
      const [namespace = '', kind = '', name = ''] = path.split('/');
      return keep(workloads, path, { cluster, namespace, kind, name });
    },
  };
}

function keep<T>(kept: Map<string, T>, key: string, value: T): T {
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(key, value);
  return value;
}
