import { prepare } from './services.mjs';
import { main, problemsOf, run, step } from './steps.mjs';

const about = {
  name: 'screenshots',
  summary: 'takes the pictures of the documents into docs/images',
  command: 'npm run screenshots --',
};

await main(about, async (args) => {
  await prepare({ problems: problemsOf(about, args) });
  await step('taking screenshots into docs/images', () => run('node', ['tools/screenshots/take.mjs']));
});
