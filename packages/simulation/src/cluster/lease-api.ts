import { type ApiStatus, apiStatus, badRequest, methodNotAllowed } from './api-status.js';
import { type LeaseDraft, type LeaseObject, type LeaseProblem, parseLease } from './lease-object.js';
import type { LeaseRefusal, LeaseStore } from './lease-store.js';
import type { Reply } from './reply.js';

/** The target of a path below `/apis/coordination.k8s.io/v1`: one Lease, or all of a namespace. */
export interface LeasePath {
  readonly namespace: string;
  readonly name: string | undefined;
}

export type LeaseVerb = 'get' | 'create' | 'update';

const PATH = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/([^/]+)\/leases(?:\/([^/]+))?$/;
const RESOURCE = 'leases.coordination.k8s.io';
const GROUP = { group: 'coordination.k8s.io', kind: 'leases' };
const INVALID_GROUP = { group: 'coordination.k8s.io', kind: 'Lease' };

export function parseLeasePath(pathname: string): LeasePath | undefined {
  const [, namespace, name] = PATH.exec(pathname) ?? [];
  return namespace === undefined ? undefined : { namespace, name };
}

/** Undefined for what podips does not need: list, watch, patch, delete. */
export function leaseVerb(method: string, { name }: LeasePath): LeaseVerb | undefined {
  if (name === undefined) return method === 'POST' ? 'create' : undefined;
  return method === 'GET' ? 'get' : method === 'PUT' ? 'update' : undefined;
}

/** Answers a request for a Lease that the client has the right to make. */
export function answerLease(leases: LeaseStore, method: string, path: LeasePath, body: string): Reply {
  const verb = leaseVerb(method, path);
  if (verb === undefined) return { status: methodNotAllowed() };
  const { namespace, name = '' } = path;
  if (verb === 'get') return toReply(leases.get(namespace, name) ?? 'not-found', path, name);
  const draft = parseLease(body);
  if (isProblem(draft)) return { status: problemStatus(draft, name) };
  const mismatch = pathProblem(draft, path);
  if (mismatch !== undefined) return { status: badRequest(mismatch) };
  if (verb === 'update') return toReply(leases.update(namespace, name, draft), path, name);
  const { name: newName } = draft.metadata;
  if (newName === undefined || newName === '')
    return {
      status: problemStatus(
        { invalid: ['metadata.name', 'Required value: name or generateName is required'] },
        '',
      ),
    };
  const created = leases.create(namespace, { ...draft, metadata: { ...draft.metadata, name: newName } });
  return toReply(created, path, newName, 201);
}

export const forbiddenLease = (user: string, verb: string, { namespace, name }: LeasePath) => {
  const subject = name === undefined ? RESOURCE : `${RESOURCE} "${name}"`;
  return apiStatus({
    code: 403,
    reason: 'Forbidden',
    message: `${subject} is forbidden: User "${user}" cannot ${verb} resource "leases" in API group "coordination.k8s.io" in the namespace "${namespace}"`,
    details: { ...GROUP, ...(name !== undefined && { name }) },
  });
};

function toReply(result: LeaseObject | LeaseRefusal, path: LeasePath, name: string, code = 200): Reply {
  if (typeof result === 'string') return { status: refusalStatus(result, path.namespace, name) };
  return { json: JSON.stringify(result), code };
}

const isProblem = (draft: LeaseDraft | LeaseProblem): draft is LeaseProblem => !('spec' in draft);

function pathProblem({ metadata }: LeaseDraft, { namespace, name }: LeasePath): string | undefined {
  if (metadata.namespace && metadata.namespace !== namespace)
    return 'the namespace of the provided object does not match the namespace sent on the request';
  if (name !== undefined && metadata.name !== name)
    return `the name of the object (${metadata.name ?? ''}) does not match the name on the URL (${name})`;
  return undefined;
}

function problemStatus(problem: LeaseProblem, name: string): ApiStatus {
  if ('unreadable' in problem)
    return badRequest(`Lease in version "v1" cannot be handled as a Lease: ${problem.unreadable}`);
  const [field, reason] = problem.invalid;
  return apiStatus({
    code: 422,
    reason: 'Invalid',
    message: `Lease.coordination.k8s.io "${name}" is invalid: ${field}: ${reason}`,
    details: { name, ...INVALID_GROUP, causes: [{ reason: 'FieldValueInvalid', message: reason, field }] },
  });
}

function refusalStatus(refusal: LeaseRefusal, namespace: string, name: string): ApiStatus {
  const details = { name, ...GROUP };
  switch (refusal) {
    case 'not-found':
      return apiStatus({
        code: 404,
        reason: 'NotFound',
        message: `${RESOURCE} "${name}" not found`,
        details,
      });
    case 'no-namespace':
      return apiStatus({
        code: 404,
        reason: 'NotFound',
        message: `namespaces "${namespace}" not found`,
        details: { name: namespace, kind: 'namespaces' },
      });
    case 'exists':
      return apiStatus({
        code: 409,
        reason: 'AlreadyExists',
        message: `${RESOURCE} "${name}" already exists`,
        details,
      });
    case 'stale':
      return conflict(
        name,
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    case 'other-uid':
      return conflict(name, 'Precondition failed: UID in precondition differs from UID in object meta');
    case 'no-resource-version':
      return problemStatus(
        { invalid: ['metadata.resourceVersion', 'Invalid value: 0x0: must be specified for an update'] },
        name,
      );
  }
}

const conflict = (name: string, reason: string) =>
  apiStatus({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${RESOURCE} "${name}": ${reason}`,
    details: { name, ...GROUP },
  });
