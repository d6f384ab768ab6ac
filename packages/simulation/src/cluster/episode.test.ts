import { expect, it } from 'vitest';
import { type ChurnStep, type PlaceState, planEpisode } from './episode.js';
import { createRandom } from './random.js';

/** All the different episodes that many tries give. */
function episodes(place: Partial<PlaceState>): ChurnStep[][] {
  const random = createRandom(1);
  const state: PlaceState = { kind: 'Deployment', hostNetwork: false, phase: undefined, ...place };
  const plans = Array.from({ length: 2_000 }, () => planEpisode(state, random).join());
  // The texts were joined from steps.
  return [...new Set(plans)].map((plan) => plan.split(',') as ChurnStep[]);
}

it('begins with a new pod at an empty place', () => {
  for (const [first] of episodes({})) expect(first).toBe('create');
});

it('removes a finished pod before it makes the next', () => {
  for (const phase of ['Succeeded', 'Failed'] as const)
    for (const plan of episodes({ phase })) expect(plan.slice(0, 2)).toEqual(['remove', 'create']);
});

it('lets the pod of a Job finish and stay', () => {
  for (const plan of episodes({ kind: 'Job', phase: 'Running' }))
    expect(['finish,untrack', 'fail,untrack', 'changeIp']).toContain(plan.join());
});

it('replaces the pod of a Deployment, and not one without an owner', () => {
  expect(episodes({ phase: 'Running' }).some((plan) => plan.includes('create'))).toBe(true);
  expect(episodes({ kind: 'Bare', phase: 'Running' }).some((plan) => plan.includes('create'))).toBe(false);
});

it('restarts containers and disrupts pods only where that is wanted', () => {
  const kinds = (troubleShare: number) => {
    const random = createRandom(1);
    const place: PlaceState = { kind: 'StatefulSet', hostNetwork: false, phase: 'Running' };
    return new Set(Array.from({ length: 2_000 }, () => planEpisode(place, random, { troubleShare })[0]));
  };
  expect(kinds(0.1)).toContain('restart');
  expect(kinds(0.1)).toContain('disrupt');
  expect(kinds(0)).not.toContain('restart');
});

it('never changes an address on the host network', () => {
  const plans = episodes({ kind: 'DaemonSet', hostNetwork: true, phase: 'Running' });
  expect(plans.flat()).not.toContain('changeIp');
  expect(episodes({ phase: 'Running' })).toContainEqual(['changeIp']);
});
