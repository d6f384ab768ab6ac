import { fetchServices } from './services.mjs';
import { build, install, main, run, step } from './steps.mjs';

await main(async () => {
  await fetchServices();
  await install();
  await build();
  await step('torturing', () => run('node', ['tests/dist/torture/main.js', ...process.argv.slice(2)]));
});
