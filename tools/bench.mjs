import { benchAbout } from '../bench/options.mjs';
import { prepare } from './services.mjs';
import { main, problemsOf, run, step } from './steps.mjs';

await main(benchAbout, async (args) => {
  await prepare({ problems: problemsOf(benchAbout, args) });
  await step('measuring', () => run('node', ['bench/dist/main.js', ...args]));
});
