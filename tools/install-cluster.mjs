// Installs podips in a Kubernetes cluster, upgrades it, or removes it: npm run install:cluster -- --help
import { installCommand } from './cluster/install.mjs';
import { createKubectl } from './cluster/kubectl.mjs';
import { readOptions, USAGE } from './cluster/options.mjs';
import { uninstallCommand } from './cluster/uninstall.mjs';
import { main } from './steps.mjs';

await main(undefined, async (args) => {
  const options = readOptions(args);
  if (options.help) return console.log(USAGE);
  const kubectl = createKubectl(options.context);
  await (options.uninstall ? uninstallCommand : installCommand)(kubectl, options);
});
