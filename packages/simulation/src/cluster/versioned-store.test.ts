import { beforeEach, expect, it } from 'vitest';
import type { PodObject } from './pod-object.js';
import { newPod } from './pod-template.js';
import { VersionedStore } from './versioned-store.js';

const pod = (name: string): PodObject =>
  newPod({ template: { name }, uid: name, createdAt: new Date(0), wholeFields: false });

let store: VersionedStore;
beforeEach(() => {
  store = new VersionedStore(5);
});
const namesAt = (resourceVersion: number) =>
  store.page({ resourceVersion, from: '', limit: 0 }).events.map((event) => event.pod.metadata.name);

it('shows the pods of every version since the compaction', () => {
  const added = store.write('ADDED', pod('a')).resourceVersion;
  const second = store.write('ADDED', pod('b')).resourceVersion;
  const deleted = store.write('DELETED', pod('a')).resourceVersion;
  expect(namesAt(added)).toEqual(['a']);
  expect(namesAt(second)).toEqual(['a', 'b']);
  expect(namesAt(deleted)).toEqual(['b']);
  store.compact(second);
  expect(namesAt(second)).toEqual(['a', 'b']);
  store.compact();
  expect(namesAt(store.revision)).toEqual(['b']);
  expect(store.compactedRevision).toBe(deleted);
});

it('shows a pod that was deleted and made again under its name', () => {
  store.write('ADDED', pod('a'));
  const gone = store.write('DELETED', pod('a')).resourceVersion;
  const back = store.write('ADDED', pod('a')).resourceVersion;
  expect([namesAt(gone), namesAt(back)]).toEqual([[], ['a']]);
  store.compact(gone);
  expect([namesAt(gone), namesAt(back)]).toEqual([[], ['a']]);
});

it('keeps positions when the oldest writes go', () => {
  for (let index = 0; index < 12; index += 1) store.write('ADDED', pod(`p${index}`));
  expect([store.firstPosition, store.endPosition]).toEqual([7, 12]);
  expect(store.eventAt(6)).toBeUndefined();
  expect(store.eventAt(7)?.pod.metadata.name).toBe('p7');
  expect(store.eventAt(12)).toBeUndefined();
  const version = store.eventAt(9)?.resourceVersion ?? 0;
  expect(store.positionAfter(version)).toBe(10);
  expect(store.positionAfter(0)).toBe(7);
  expect(store.positionAfter(store.revision)).toBe(12);
  expect(namesAt(store.revision)).toHaveLength(12);
});

it('notifies its listeners of every write until they leave', () => {
  let calls = 0;
  const leave = store.onWrite(() => {
    calls += 1;
  });
  store.write('ADDED', pod('a'));
  store.advance(3);
  leave();
  store.write('DELETED', pod('a'));
  expect(calls).toBe(1);
});

it('numbers its pods from 1 again, without their history', () => {
  for (const name of ['a', 'b', 'c']) store.write('ADDED', pod(name));
  store.advance(100);
  store.write('DELETED', pod('b'));
  store.beginAgain();
  expect(store.revision).toBe(3);
  expect(store.compactedRevision).toBe(3);
  expect(namesAt(3)).toEqual(['a', 'c']);
  expect(store.write('ADDED', pod('d')).resourceVersion).toBe(4);
});
