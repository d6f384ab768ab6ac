import { fetchPostgresVersions } from './postgres-versions.mjs';
import { prepare } from './services.mjs';
import { main, step, test } from './steps.mjs';

await main(async () => {
  await prepare();
  await step('fetching older versions of PostgreSQL', fetchPostgresVersions);
  await step('testing for long', () => test(['--project', 'long', ...process.argv.slice(2)]));
});
