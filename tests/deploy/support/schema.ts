import type { Manifest } from './documents.js';

/** A validator that was compiled from Kubernetes' OpenAPI description, or from that of a custom resource. */
interface Validator {
  (data: unknown): boolean;
  errors?: readonly { instancePath: string; keyword: string; params: object }[] | null;
}

const CUSTOM_GROUP = 'monitoring.coreos.com';

/**
 * Holds an object against the schema of its kind: types, required fields, enumerations, and fields that the schema does not
 * know, as a strict server does.
 * @returns a line for each problem
 */
export async function checkSchema(manifest: Manifest): Promise<string[]> {
  const validate = await loadValidator(manifest);
  const reads = new Map<object, ReadObject>();
  const valid = validate(watchReads(manifest, '', reads));
  const problems = valid ? [] : (validate.errors ?? []);
  return [
    ...problems.map(
      ({ instancePath, keyword, params }) => `${instancePath} ${keyword} ${JSON.stringify(params)}`,
    ),
    ...[...reads.values()].flatMap(({ path, value, keys }) =>
      Object.keys(value)
        .filter((key) => !keys.has(key))
        .map((key) => `${path}/${key} is not known`),
    ),
  ];
}

async function loadValidator({ apiVersion, kind }: Manifest): Promise<Validator> {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  const name = group === CUSTOM_GROUP ? customName(version, kind) : builtInName(group, version, kind);
  const { validate }: { validate: Validator } = await import(name);
  return validate;
}

function builtInName(group = '', version = '', kind: string): string {
  return `kubernetes-models/_schemas/IoK8sApi${capitalised(group.split('.')[0])}${capitalised(version)}${kind}`;
}

/** By its file: the package has the schemas of custom resources, but does not export them. */
function customName(version = '', kind: string): string {
  const prefix = 'ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoring';
  const folder = '../../node_modules/@kubernetes-models/prometheus-operator/_schemas/';
  return new URL(`${folder}${prefix}${capitalised(version)}${kind}.js`, import.meta.url).href;
}

function capitalised(word = ''): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

interface ReadObject {
  readonly path: string;
  readonly value: object;
  readonly keys: Set<string | symbol>;
}

/** A validator reads each field that its schema knows. What it never looks at is not known. */
function watchReads(value: object, path: string, reads: Map<object, ReadObject>): object {
  const read = reads.get(value) ?? {
    path,
    value,
    keys: new Set<string | symbol>(Array.isArray(value) ? Object.keys(value) : []),
  };
  reads.set(value, read);
  return new Proxy(value, {
    get(target, key) {
      read.keys.add(key);
      const child: unknown = Reflect.get(target, key);
      return typeof child === 'object' && child !== null
        ? watchReads(child, `${path}/${String(key)}`, reads)
        : child;
    },
  });
}
