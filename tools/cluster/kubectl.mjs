import { execFile } from 'node:child_process';
import { StepError } from '../steps.mjs';

const DEADLINE_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** kubectl failed. `text` is its message, without the command. */
export class KubectlError extends StepError {
  constructor(args, text) {
    super(`kubectl ${args.join(' ')}\n    ${text.replaceAll('\n', '\n    ')}`);
    this.text = text;
  }
}

/** Runs kubectl for one context, or without one until a context is chosen. */
export function createKubectl(context) {
  const contextArgs = context === undefined ? [] : ['--context', context];
  /** Runs kubectl to its end. Never rejects: `missing` when there is no kubectl. */
  const run = (args, { input = '', deadlineMs = DEADLINE_MS } = {}) =>
    new Promise((resolve) => {
      const limits = { timeout: deadlineMs, maxBuffer: MAX_OUTPUT_BYTES };
      const child = execFile('kubectl', [...contextArgs, ...args], limits, (err, stdout, stderr) => {
        const silent = err?.killed ? `no answer within ${deadlineMs / 1_000} s` : (err?.message ?? '');
        const text = stderr.trim() || silent;
        resolve({ ok: err === null, missing: err?.code === 'ENOENT', stdout, text });
      });
      // A kubectl that exits before it has read everything reports the reason itself.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  /** @returns the output @throws {KubectlError} when kubectl fails */
  const must = async (args, options) => {
    const { ok, stdout, text } = await run(args, options);
    if (!ok) throw new KubectlError(args, text);
    return stdout;
  };
  return {
    context,
    withContext: createKubectl,
    run,
    must,
    /** @returns one object or a list of them; undefined when there is no such object @throws {KubectlError} */
    async get(...args) {
      const text = await must(['get', ...args, '--ignore-not-found', '--output', 'json']);
      return text.trim() === '' ? undefined : JSON.parse(text);
    },
  };
}
