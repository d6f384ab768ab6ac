import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run, StepError, step } from './steps.mjs';

/** Debian's packages, and for each a file that shows that it is there. */
const DEBIAN_PACKAGES = [
  { name: 'activemq', file: '/usr/share/activemq/lib/activemq-broker.jar' },
  { name: 'chromium', file: '/usr/bin/chromium' },
];
/** `kubectl kustomize` builds the manifests in tests. Older ones do not know all that is in them. */
const KUBECTL_PACKAGE = 'kubernetes-client';
const KUBECTL_MINOR = 27;

/** Fetches the real services that tests and benchmarks need and npm cannot bring. PostgreSQL comes from npm. */
export const fetchServices = () =>
  step('fetching the real services', async () => {
    const missing = DEBIAN_PACKAGES.filter(({ file }) => !existsSync(file)).map(({ name }) => name);
    if (missing.length > 0) await installDebian(missing);
    console.log('  all there: ActiveMQ Classic and Chromium (Debian), PostgreSQL (npm)');
  });

/** @throws {StepError} when there is no kubectl that can build the manifests, and none to be had */
export const fetchKubectl = () =>
  step('fetching kubectl', async () => {
    if (kubectlMinor() === undefined) await installDebian([KUBECTL_PACKAGE]);
    const minor = kubectlMinor() ?? 0;
    if (minor < KUBECTL_MINOR)
      throw new StepError(
        `kubectl 1.${minor} is too old for the manifests; install 1.${KUBECTL_MINOR} or newer: https://kubernetes.io/docs/tasks/tools/`,
      );
    console.log(`  kubectl 1.${minor}`);
  });

/** @throws {StepError} with the command that would do it where this cannot */
async function installDebian(missing) {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0)
    throw new StepError(
      `missing: ${missing.join(', ')}. On Debian or Ubuntu: sudo apt-get install --no-install-recommends ${missing.join(' ')}`,
    );
  const quiet = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['-qq', 'update'], quiet);
  await run('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...missing], quiet);
}

/** The 30 of kubectl 1.30; undefined without kubectl. */
function kubectlMinor() {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client', '--output=json'], {
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  return Number.parseInt(JSON.parse(stdout).clientVersion.minor, 10);
}
