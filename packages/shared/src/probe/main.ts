import { probe } from './probe.js';

// A program of its own, loading as little as it can: it runs every few seconds in every container, without a shell.
const problems = await probe(process.argv.slice(2), {
  statusDir: process.env.STATUS_DIR || '/tmp',
  httpHost: process.env.HTTP_HOST || '::',
  httpPort: Number(process.env.HTTP_PORT || 8080),
  now: Date.now,
  timeoutMs: 2_000,
});
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
