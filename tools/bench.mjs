import { fetchServices } from './services.mjs';
import { build, install, main, run, step } from './steps.mjs';

await main(async () => {
  await fetchServices();
  await install();
  await build();
  await step('measuring', () => run('node', ['bench/dist/main.js', ...process.argv.slice(2)]));
});
