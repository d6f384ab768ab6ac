import { fetchServices } from './services.mjs';
import { build, install, main, run, step } from './steps.mjs';

await main(async () => {
  await install();
  await fetchServices();
  await build();
  await step('linting', () => run('biome', ['check', '--error-on-warnings', '.']));
  await step('testing', () => run('vitest', ['run', ...process.argv.slice(2)]));
});
