import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toError } from './errors.js';
import type { Logger } from './logger.js';

/** A file for a liveness probe: touched while an operation works, removed when it fails. */
export interface StatusFile {
  works(): void;
  fails(): void;
}

export interface StatusFileOptions {
  readonly dir: string;
  readonly name: 'kubernetes_status' | 'queue_status' | 'log_status';
  readonly log: Logger;
  readonly now?: () => number;
}

const TOUCH_INTERVAL_MS = 1_000;

/**
 * The file does not exist until the first `works()`: a file of an earlier run says nothing about this one.
 * A folder that cannot be written is logged once and has no other effect; the probe then fails by itself.
 */
export function openStatusFile(options: StatusFileOptions): StatusFile {
  const { log, now = Date.now } = options;
  const path = join(options.dir, options.name);
  let touchedAtMs = Number.NEGATIVE_INFINITY;
  let exists = true;
  let logged = false;

  const attempt = (change: () => void) => {
    try {
      change();
      logged = false;
    } catch (err) {
      if (!logged) log.warn({ err: toError(err), path }, 'status file cannot be written');
      logged = true;
    }
  };
  const file: StatusFile = {
    works() {
      const nowMs = now();
      if (exists && nowMs >= touchedAtMs && nowMs - touchedAtMs < TOUCH_INTERVAL_MS) return;
      touchedAtMs = nowMs;
      exists = true;
      attempt(() => writeFileSync(path, `${new Date(nowMs).toISOString()}\n`));
    },
    fails() {
      if (!exists) return;
      exists = false;
      attempt(() => rmSync(path, { force: true }));
    },
  };
  file.fails();
  return file;
}
