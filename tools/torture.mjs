import { prepare } from './services.mjs';
import { main, run, step } from './steps.mjs';

await main(async () => {
  await prepare();
  await step('torturing', () => run('node', ['tests/dist/torture/main.js', ...process.argv.slice(2)]));
});
