import { tortureAbout } from '../packages/simulation/options.mjs';
import { prepare } from './services.mjs';
import { main, problemsOf, run, step } from './steps.mjs';

await main(tortureAbout, async (args) => {
  await prepare({ problems: problemsOf(tortureAbout, args) });
  await step('torturing', () => run('node', ['tests/dist/torture/main.js', ...args]));
});
