import { keyOf, type PodLife, type WorkloadName } from './facts.js';

/** Far more than clusters have of names, nodes, revisions and causes; beyond it they are kept anew. */
const MAX_KEPT = 50_000;

/** Makes lives that share what many of them have in common: read from a database, each would have its own copy. */
export function createInterner(): (life: PodLife) => PodLife {
  const texts = new Map<string, string>();
  const workloads = new Map<string, WorkloadName>();
  const text = (value: string) => keep(texts, value, value);
  return (life) => ({
    ...life,
    workload: keep(workloads, keyOf(life.workload), life.workload),
    node: text(life.node),
    revision: text(life.revision),
    end: life.end && { ...life.end, cause: text(life.end.cause) },
  });
}

function keep<T>(kept: Map<string, T>, key: string, value: T): T {
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(key, value);
  return value;
}
