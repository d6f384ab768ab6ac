import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from './logger.js';
import { openStatusFile } from './status-file.js';

const log = createLogger('test', 'silent');
let dir: string;
let path: string;
let nowMs: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-status-'));
  path = join(dir, 'queue_status');
  nowMs = 1_000_000;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (folder = dir) => openStatusFile({ dir: folder, name: 'queue_status', log, now: () => nowMs });
const content = () => readFileSync(path, 'utf8');

describe('a status file', () => {
  it('of an earlier run is removed, because it says nothing about this one', () => {
    writeFileSync(path, 'old');
    open();
    expect(existsSync(path)).toBe(false);
  });

  it('exists while the operation works and is gone when it fails', () => {
    const file = open();
    file.works();
    expect(statSync(path).isFile()).toBe(true);
    file.fails();
    expect(existsSync(path)).toBe(false);
    file.works();
    expect(existsSync(path)).toBe(true);
  });

  it('is touched at most once a second', () => {
    const file = open();
    file.works();
    const first = content();
    nowMs += 999;
    file.works();
    expect(content()).toBe(first);
    nowMs += 1;
    file.works();
    expect(content()).not.toBe(first);
  });

  it('is touched when the clock was set back', () => {
    const file = open();
    file.works();
    const first = content();
    nowMs -= 60_000;
    file.works();
    expect(content()).not.toBe(first);
  });

  it('that cannot be written is reported once and disturbs nothing', () => {
    const warn = vi.spyOn(log, 'warn');
    const file = open(join(dir, 'missing'));
    for (let i = 0; i < 5; i += 1) {
      nowMs += 2_000;
      file.works();
    }
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
