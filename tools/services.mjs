import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run, StepError, step } from './steps.mjs';

/** Debian's packages, each with a file that shows that it is installed. */
const DEBIAN_PACKAGES = [
  { name: 'activemq', file: '/usr/share/activemq/lib/activemq-broker.jar' },
  { name: 'chromium', file: '/usr/bin/chromium' },
  { name: 'pgbouncer', file: '/usr/sbin/pgbouncer' },
];
/** `kubectl kustomize` builds the manifests in tests. Older versions do not support them. */
const KUBECTL_PACKAGE = 'kubernetes-client';
const KUBECTL_MINOR = 27;

/** Installs the real services for tests and benchmarks that npm does not have. PostgreSQL comes from npm. */
export const fetchServices = () =>
  step('fetching the real services', async () => {
    const missing = DEBIAN_PACKAGES.filter(({ file }) => !existsSync(file)).map(({ name }) => name);
    if (missing.length > 0) await installDebian(missing);
    console.log('  all there: ActiveMQ Classic, Chromium and PgBouncer (Debian), PostgreSQL (npm)');
  });

/** @throws {StepError} when no kubectl that can build the manifests is installed or can be installed */
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

/** @throws {StepError} with the command to run, where it cannot install them itself */
async function installDebian(missing) {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0)
    throw new StepError(
      `missing: ${missing.join(', ')}. On Debian or Ubuntu: sudo apt-get install --no-install-recommends ${missing.join(' ')}`,
    );
  const quiet = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
  await run('apt-get', ['-qq', 'update'], quiet);
  await run('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...missing], quiet);
}

/** The minor version, 30 for kubectl 1.30; undefined without kubectl. */
function kubectlMinor() {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client', '--output=json'], {
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  return Number.parseInt(JSON.parse(stdout).clientVersion.minor, 10);
}
