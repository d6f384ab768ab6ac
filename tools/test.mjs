import { prepare } from './services.mjs';
import { main, run, step, test } from './steps.mjs';

/** What it does not know is for vitest. */
const about = {
  name: 'test',
  summary:
    'fetches the real services, installs, builds, lints and runs the tests; arguments are those of vitest, such as a file',
  command: 'npm test --',
};

await main(about, async (args) => {
  await prepare({ kubectl: true });
  await step('linting', () => run('biome', ['check', '--error-on-warnings', '.']));
  await step('testing', () => test(['--project', '!long', ...args]));
});
