import { prepare } from './services.mjs';
import { main, run, step, test } from './steps.mjs';

await main(async () => {
  await prepare({ kubectl: true });
  await step('linting', () => run('biome', ['check', '--error-on-warnings', '.']));
  await step('testing', () => test(['--project', '!long', ...process.argv.slice(2)]));
});
