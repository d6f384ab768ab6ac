import { fetchServices } from './services.mjs';
import { build, install, main, step, test } from './steps.mjs';

await main(async () => {
  await fetchServices();
  await install();
  await build();
  await step('testing for long', () => test(['--project', 'long', ...process.argv.slice(2)]));
});
