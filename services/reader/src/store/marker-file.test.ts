import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openMarkerFile } from './marker-file.js';

const SINCE = new Date('2026-11-20T14:00:00.000Z');
const LATER = new Date('2026-11-20T15:00:00.000Z');
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-marker-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (name = 'told_late') => openMarkerFile(join(dir, name), createLogger('test', 'silent'));

it('a marker holds for the next process, with the earlier of two times, until it is cleared', () => {
  const marker = open();
  expect(marker.since).toBeUndefined();
  marker.set(LATER);
  marker.set(SINCE);
  marker.set(LATER);
  expect([marker.since, open().since]).toEqual([SINCE, SINCE]);
  expect(readFileSync(join(dir, 'told_late'), 'utf8')).toBe(SINCE.toISOString());
  marker.clear();
  expect([marker.since, open().since]).toEqual([undefined, undefined]);
});

it('a file that a full disk has left empty holds since now', () => {
  writeFileSync(join(dir, 'told_late'), '');
  expect(open().since).toBeInstanceOf(Date);
});

it('a marker that cannot be written lasts as long as its process', () => {
  const marker = open('no-such-folder/told_late');
  marker.set(SINCE);
  expect(marker.since).toEqual(SINCE);
});
