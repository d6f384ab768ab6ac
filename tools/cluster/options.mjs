import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describeProgram, readFlags } from '../../packages/shared/flags.mjs';
import { ROOT, StepError } from '../steps.mjs';

export const OVERLAYS = ['trial', 'production'];

const flags = {
  overlay: {
    type: 'text',
    value: ' X',
    desc: 'trial, production, or a folder with a kustomization.yaml of your own; by default trial',
  },
  context: {
    type: 'text',
    value: ' NAME',
    desc: 'context of the cluster, from kubectl config get-contexts; by default the current one',
  },
  registry: {
    type: 'text',
    value: ' X',
    desc: "registry of podips' images, such as registry.example.org/podips",
  },
  upgrade: { type: 'boolean', desc: 'upgrade an installation; needs --overlay' },
  uninstall: { type: 'boolean', desc: 'remove podips; volumes, the Secret and the namespace stay' },
  purge: { type: 'boolean', desc: 'with --uninstall: also remove volumes, the Secret and the namespace' },
  'dry-run': { type: 'boolean', desc: 'check everything and show the plan, but change nothing' },
  'force-conflicts': {
    type: 'boolean',
    desc: 'overwrite fields that another client has set in the cluster',
  },
  timeout: {
    type: 'whole',
    value: ' MINUTES',
    min: 1,
    max: 120,
    default: 10,
    desc: 'how long to wait until everything is ready',
  },
  yes: { type: 'boolean', desc: 'do not ask for confirmation; needs --context' },
};

export const installerAbout = {
  name: 'installer',
  summary: 'installs podips in a Kubernetes cluster, upgrades it, or removes it',
  command: 'npm run install:cluster --',
  flags,
};

const MS_PER_MINUTE = 60_000;
const REGISTRY = /^[a-z0-9][a-z0-9./:_-]*[a-z0-9]$/;

/** @throws {StepError} that lists every problem */
export function readOptions(args) {
  const { values, problems } = readFlags(args, flags);
  const { overlay = 'trial', context, registry, upgrade, uninstall, purge, yes, timeout } = values;
  const overlayDir = findOverlay(overlay);
  const all = [
    ...problems,
    upgrade && uninstall && '--upgrade and --uninstall exclude each other',
    purge && !uninstall && '--purge is only valid with --uninstall',
    upgrade &&
      values.overlay === undefined &&
      '--upgrade needs --overlay: the one that podips was installed with',
    yes &&
      context === undefined &&
      '--yes needs --context, so that the current context is not changed by accident',
    overlayDir === undefined &&
      `--overlay ${overlay} is neither ${OVERLAYS.join(' nor ')} nor a folder with a kustomization.yaml`,
    registry !== undefined &&
      !REGISTRY.test(registry) &&
      `--registry must be a registry with a path, such as registry.example.org/podips, but is "${registry}"`,
  ].filter(Boolean);
  if (all.length > 0) throw new StepError(`${all.join('\n✗ ')}\n\n${describeProgram(installerAbout)}`);
  return {
    ...values,
    dryRun: values['dry-run'],
    forceConflicts: values['force-conflicts'],
    timeoutMs: timeout * MS_PER_MINUTE,
    overlay,
    overlayDir,
  };
}

function findOverlay(name) {
  const dir = OVERLAYS.includes(name) ? join(ROOT, 'deploy/k8s/overlays', name) : resolve(name);
  return existsSync(join(dir, 'kustomization.yaml')) ? dir : undefined;
}
