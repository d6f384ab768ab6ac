import { fetchServices } from './services.mjs';
import { build, install, main, run, step } from './steps.mjs';

await main(async () => {
  await fetchServices();
  await install();
  await build();
  await step('taking screenshots into docs/images', () => run('node', ['tools/take-screenshots.mjs']));
});
