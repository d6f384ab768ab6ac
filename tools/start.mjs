import { build, install, main, run, step } from './steps.mjs';

await main(async () => {
  await install();
  await build();
  await step('running podips against a simulated cluster; Ctrl-C ends it', () =>
    // Ctrl-C reaches it too, and a second SIGINT would cut short its stop; SIGHUP does not.
    run('node', ['packages/simulation/dist/local/main.js', ...process.argv.slice(2)], {
      stopSignal: 'SIGHUP',
    }),
  );
});
