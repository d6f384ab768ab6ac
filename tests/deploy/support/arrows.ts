import type { INetworkPolicyPeer, INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1';
import { type Manifest, ofKind } from './documents.js';
import { type PodTemplate, podTemplates, selects } from './pods.js';

interface Rule {
  readonly peers: readonly INetworkPolicyPeer[] | undefined;
  readonly ports: readonly INetworkPolicyPort[] | undefined;
}

/**
 * Who may talk to whom: a connection needs a rule that lets it out and one that lets it in.
 * @returns each pair of pods of the namespace and port as `reader -> queue:61613`, sorted
 */
export function arrowsInside(manifests: readonly Manifest[]): string[] {
  const pods = podTemplates(manifests);
  const arrows = pods.flatMap((from) =>
    pods.flatMap((to) =>
      (to.container.ports ?? [])
        .map(({ containerPort }) => containerPort)
        .filter(
          (port) =>
            rulesFor(manifests, from, 'Egress').some((rule) => matches(rule, to, port)) &&
            rulesFor(manifests, to, 'Ingress').some((rule) => matches(rule, from, port)),
        )
        .map((port) => `${from.component} -> ${to.component}:${port}`),
    ),
  );
  return [...new Set(arrows)].sort();
}

/** Where the pods may go outside of the namespace, as `reader -> 443`, sorted. */
export function arrowsOutside(manifests: readonly Manifest[]): string[] {
  const arrows = podTemplates(manifests).flatMap((from) =>
    rulesFor(manifests, from, 'Egress')
      .filter(({ peers }) => peers === undefined)
      .flatMap(({ ports = [] }) => ports.map(({ port }) => `${from.component} -> ${port}`)),
  );
  return [...new Set(arrows)].sort();
}

/** @throws when no policy closes this direction for the pod: then everything would be allowed */
function rulesFor(manifests: readonly Manifest[], pod: PodTemplate, direction: 'Ingress' | 'Egress'): Rule[] {
  const policies = ofKind(manifests, 'NetworkPolicy').flatMap(({ spec }) =>
    spec?.policyTypes?.includes(direction) && selects(spec.podSelector, pod.labels) ? [spec] : [],
  );
  if (policies.length === 0) throw new Error(`${pod.owner} is open`);
  return policies.flatMap(({ ingress = [], egress = [] }) =>
    direction === 'Ingress'
      ? ingress.map(({ from, ports }) => ({ peers: from, ports }))
      : egress.map(({ to, ports }) => ({ peers: to, ports })),
  );
}

function matches({ peers, ports }: Rule, other: PodTemplate, port: number): boolean {
  const reaches =
    peers === undefined ||
    peers.some(
      ({ namespaceSelector, podSelector }) => !namespaceSelector && selects(podSelector, other.labels),
    );
  return reaches && (ports === undefined || ports.some((allowed) => allowed.port === port));
}
