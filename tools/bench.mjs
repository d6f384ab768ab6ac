import { prepare } from './services.mjs';
import { main, run, step } from './steps.mjs';

await main(async () => {
  await prepare();
  await step('measuring', () => run('node', ['bench/dist/main.js', ...process.argv.slice(2)]));
});
