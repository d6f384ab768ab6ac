import { vi } from 'vitest';

/** A bound for what hangs: a wait ends as soon as its condition holds. The usual second is over when a machine stalls. */
const PATIENCE_MS = 30_000;

const { waitFor } = vi;
vi.waitFor = (condition, options) =>
  waitFor(condition, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options });
