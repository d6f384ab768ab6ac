import { fetchPostgresVersions } from './postgres-versions.mjs';
import { prepare } from './services.mjs';
import { main, step, test } from './steps.mjs';

/** What it does not know is for vitest. */
const about = {
  name: 'test:long',
  summary: 'runs the tests that take minutes each; arguments are those of vitest, such as a file',
  command: 'npm run test:long --',
};

await main(about, async (args) => {
  await prepare();
  await step('fetching older versions of PostgreSQL', fetchPostgresVersions);
  await step('testing for long', () => test(['--project', 'long', ...args]));
});
