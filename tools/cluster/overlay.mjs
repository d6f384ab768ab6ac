import { createHash } from 'node:crypto';
import { StepError } from '../steps.mjs';
import { SETTINGS } from './installed.mjs';

/** The Secret that all services share. */
export const SECRET = 'podips';
const OWN_IMAGE = /(\bimage: )(?:registry\.example\.org\/)?podips\/(reader|writer|monitor|cronjob):/g;
const HASH_DIGITS = 16;
/** Hosts in examples, as placeholders for values that only the operator knows. */
const PLACEHOLDER = /^\s*(?:- )?(\S+:)? *(\S*\bexample\.(?:org|com)\b\S*)$/gm;

/**
 * Builds all objects of an overlay.
 * @throws {StepError} when kustomize cannot build it, or it is in no namespace or in several
 */
export async function renderOverlay(kubectl, { overlayDir, registry }) {
  const text = await kubectl.must(['kustomize', overlayDir]);
  return parseOverlay(registry === undefined ? text : text.replaceAll(OWN_IMAGE, `$1${registry}/$2:`));
}

/** @param text as kustomize writes it: block style, two spaces, one document after each line of dashes */
export function parseOverlay(text) {
  const all = text
    .split(/^---\n/m)
    .filter((document) => document.trim() !== '')
    .map(parseDocument);
  const namespaces = [...new Set(all.map(({ namespace }) => namespace).filter(Boolean))];
  if (namespaces.length !== 1)
    throw new StepError(
      `the overlay must be in one namespace, but is in: ${namespaces.join(', ') || 'none'}`,
    );
  const [namespace] = namespaces;
  const isSecret = ({ kind, name }) => kind === 'Secret' && name === SECRET;
  // Passwords are generated for each installation, and never replaced. Those of the overlay are for kubectl apply -k.
  const documents = all.filter((document) => !isSecret(document)).map(markSettings);
  return {
    namespace,
    documents,
    bringsSecret: documents.length < all.length,
    images: [...new Set([...text.matchAll(/^ *(?:- )?image: (\S+)$/gm)].map(([, image]) => image))],
    placeholders: [
      ...new Set([...text.matchAll(PLACEHOLDER)].map(([, key = '', value]) => `${key} ${value}`.trim())),
    ],
    ofKind: (...kinds) => documents.filter(({ kind }) => kinds.includes(kind)),
    /**
     * @param into another namespace, for a dry run before the overlay's own exists
     * @param some only these documents
     */
    text: (into = namespace, some = documents) =>
      some
        .map((document) =>
          document.text.replaceAll(new RegExp(`^( *(?:- )?namespace:) ${namespace}$`, 'gm'), `$1 ${into}`),
        )
        .join('---\n'),
  };
}

/** Adds a hash of its ConfigMap to a workload's pods, so that they are replaced when settings change. */
function markSettings(document, _index, all) {
  const configMap = all.find(({ kind, name }) => kind === 'ConfigMap' && name === document.name);
  if (configMap === undefined || !['Deployment', 'StatefulSet'].includes(document.kind)) return document;
  const [data = ''] = /^data:\n(?:(?: .*)?\n)*/m.exec(configMap.text) ?? [];
  const settings = createHash('sha256').update(data).digest('hex').slice(0, HASH_DIGITS);
  const text = document.text.replace(
    /^( {2}template:\n {4}metadata:\n)( {6}annotations:\n)?/m,
    `$1      annotations:\n        ${SETTINGS}: "${settings}"\n`,
  );
  return { ...document, settings, text };
}

function parseDocument(text) {
  const [, metadata = ''] = /^metadata:\n((?: .*\n)+)/m.exec(text) ?? [];
  const field = (pattern, where) => pattern.exec(where)?.[1];
  const document = {
    apiVersion: field(/^apiVersion: (\S+)$/m, text),
    kind: field(/^kind: (\S+)$/m, text),
    name: field(/^ {2}name: (\S+)$/m, metadata),
    namespace: field(/^ {2}namespace: (\S+)$/m, metadata),
    text,
  };
  if (!document.kind || !document.name)
    throw new StepError(`not a Kubernetes object:\n${text.slice(0, 200)}`);
  return { ...document, resource: toResource(document) };
}

/** The name that kubectl uses for all objects of a kind: `networkpolicies.networking.k8s.io`. */
function toResource({ apiVersion, kind }) {
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
  const plural = kind.toLowerCase().replace(/y$/, 'ie').replace(/s$/, 'se');
  return group === '' ? `${plural}s` : `${plural}s.${group}`;
}
