// Installs podips in a Kubernetes cluster, upgrades it, or removes it: npm run install:cluster -- --help
import { installCommand } from './cluster/install.mjs';
import { createKubectl } from './cluster/kubectl.mjs';
import { installerAbout, readOptions } from './cluster/options.mjs';
import { uninstallCommand } from './cluster/uninstall.mjs';
import { main } from './steps.mjs';

await main(installerAbout, async (args) => {
  const options = readOptions(args);
  const kubectl = createKubectl(options.context);
  await (options.uninstall ? uninstallCommand : installCommand)(kubectl, options);
});
