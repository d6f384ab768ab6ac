import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, StepError } from '../steps.mjs';

export const OVERLAYS = ['trial', 'production'];

export const USAGE = `usage: npm run install:cluster -- [options]

  --overlay X         trial (default), production, or a folder with a kustomization.yaml of your own
  --context NAME      context of the cluster, from kubectl config get-contexts (default: the current one)
  --registry X        registry of podips' images, such as registry.example.org/podips
  --upgrade           upgrade an installation; needs --overlay
  --uninstall         remove podips; volumes, the Secret and the namespace stay
  --purge             with --uninstall: also remove volumes, the Secret and the namespace
  --dry-run           check everything and show the plan, but change nothing
  --force-conflicts   overwrite fields that another client has set in the cluster
  --timeout MINUTES   how long to wait until everything is ready (default 10)
  --yes               do not ask for confirmation; needs --context
  --help              show this text`;

const FLAGS = {
  overlay: { type: 'string' },
  context: { type: 'string' },
  registry: { type: 'string' },
  upgrade: { type: 'boolean', default: false },
  uninstall: { type: 'boolean', default: false },
  purge: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  'force-conflicts': { type: 'boolean', default: false },
  timeout: { type: 'string', default: '10' },
  yes: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};
const MAX_TIMEOUT_MINUTES = 120;
const MS_PER_MINUTE = 60_000;

/** @throws {StepError} that lists every problem */
export function readOptions(args) {
  const flags = parse(args);
  if (flags.help) return { help: true };
  const timeoutMinutes = Number(flags.timeout);
  const overlayDir = findOverlay(flags.overlay ?? 'trial');
  const problems = [
    flags.upgrade && flags.uninstall && '--upgrade and --uninstall exclude each other',
    flags.purge && !flags.uninstall && '--purge is only valid with --uninstall',
    flags.upgrade &&
      flags.overlay === undefined &&
      '--upgrade needs --overlay: the one that podips was installed with',
    flags.yes &&
      flags.context === undefined &&
      '--yes needs --context, so that the current context is not changed by accident',
    overlayDir === undefined &&
      `--overlay ${flags.overlay} is neither ${OVERLAYS.join(' nor ')} nor a folder with a kustomization.yaml`,
    !(timeoutMinutes >= 1 && timeoutMinutes <= MAX_TIMEOUT_MINUTES) &&
      `--timeout must be minutes from 1 to ${MAX_TIMEOUT_MINUTES}, but is "${flags.timeout}"`,
    flags.registry !== undefined &&
      !/^[a-z0-9][a-z0-9./:_-]*[a-z0-9]$/.test(flags.registry) &&
      `--registry must be a registry with a path, such as registry.example.org/podips, but is "${flags.registry}"`,
  ].filter(Boolean);
  if (problems.length > 0) throw new StepError(`${problems.join('\n  ')}\n\n${USAGE}`);
  return {
    ...flags,
    dryRun: flags['dry-run'],
    forceConflicts: flags['force-conflicts'],
    timeoutMs: timeoutMinutes * MS_PER_MINUTE,
    overlay: flags.overlay ?? 'trial',
    overlayDir,
  };
}

function parse(args) {
  try {
    return parseArgs({ args, options: FLAGS }).values;
  } catch (err) {
    throw new StepError(`${err.message}\n\n${USAGE}`);
  }
}

function findOverlay(name) {
  const dir = OVERLAYS.includes(name) ? join(ROOT, 'deploy/k8s/overlays', name) : resolve(name);
  return existsSync(join(dir, 'kustomization.yaml')) ? dir : undefined;
}
