import { LIGHTS, type Light, worstLight } from '../status/lights.js';
import { LIGHT_WORDS } from '../words/light-words.js';
import type { ClusterView } from './status-view.js';

/** The state of all clusters together. */
export interface Overview {
  /** The worst light of this cluster and of the others. */
  readonly overall: Light;
  /** The other clusters that do not work, in one sentence; empty when there are none. */
  readonly elsewhere: string;
}

type Cluster = Pick<ClusterView, 'name' | 'reachable' | 'light' | 'lastAnswerAt'>;

const MAX_NAMED = 4;

export function overviewOf(worst: Light, clusters: readonly Cluster[]): Overview {
  const lights = clusters.map(clusterLight);
  const troubled = LIGHTS.filter((light) => light !== 'green').flatMap((light) =>
    clusters
      .filter((cluster) => clusterLight(cluster) === light)
      .map(({ name }) => `${name} ${LIGHT_WORDS[light]}`),
  );
  return { overall: worstLight([worst, ...lights]), elsewhere: describe(troubled) };
}

/** The light of another cluster. All that is known of one whose monitor no longer answers is that it is silent. */
export function clusterLight({ reachable, light, lastAnswerAt }: Omit<Cluster, 'name'>): Light {
  if (reachable && light !== null) return light;
  return lastAnswerAt === null ? 'grey' : 'yellow';
}

function describe(troubled: readonly string[]): string {
  if (troubled.length === 0) return '';
  const more = troubled.length > MAX_NAMED ? ` and ${troubled.length - MAX_NAMED} more` : '';
  return `Elsewhere: ${troubled.slice(0, MAX_NAMED).join(', ')}${more}.`;
}
