import { fetchServices } from './services.mjs';
import { build, install, main, run, step } from './steps.mjs';

await main(async () => {
  await install();
  await fetchServices();
  await build();
  await step('taking screenshots into docs/images', () => run('node', ['tools/take-screenshots.mjs']));
});
