import { prepare } from './services.mjs';
import { main, run, step } from './steps.mjs';

await main(async () => {
  await prepare();
  await step('taking screenshots into docs/images', () => run('node', ['tools/take-screenshots.mjs']));
  await step('taking those of incidents', () => run('node', ['tools/take-incident-screenshots.mjs']));
});
