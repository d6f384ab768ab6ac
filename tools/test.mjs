import { fetchKubectl, fetchServices } from './services.mjs';
import { build, install, main, run, step, test } from './steps.mjs';

await main(async () => {
  await fetchServices();
  await fetchKubectl();
  await install();
  await build();
  await step('linting', () => run('biome', ['check', '--error-on-warnings', '.']));
  await step('testing', () => test(['--project', '!long', ...process.argv.slice(2)]));
});
