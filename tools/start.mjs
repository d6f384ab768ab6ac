import { localAbout, readLocalOptions } from '../packages/simulation/options.mjs';
import { build, checkFolder, install, main, run, step } from './steps.mjs';

await main(localAbout, async (args) => {
  checkFolder((await readLocalOptions(args)).problems);
  await install();
  await build();
  await step('running podips against a simulated cluster; Ctrl-C ends it', () =>
    // Ctrl-C reaches it too, and a second SIGINT would cut short its stop; SIGHUP does not.
    run('node', ['packages/simulation/dist/local/main.js', ...args], { stopSignal: 'SIGHUP' }),
  );
});
