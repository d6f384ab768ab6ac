import { fetchServices } from './services.mjs';
import { build, install, main, run, step } from './steps.mjs';

await main(async () => {
  await fetchServices();
  await install();
  await build();
  await step('linting', () => run('biome', ['check', '--error-on-warnings', '.']));
  await step('testing', () => run('vitest', ['run', '--configLoader', 'native', ...process.argv.slice(2)]));
});
