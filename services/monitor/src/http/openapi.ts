import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { type GuardName, guardNameOf } from './access/access.js';
import { exampleOf } from './openapi-examples.js';

type OpenApi = Parameters<NonNullable<FastifyDynamicSwaggerOptions['transformObject']>>[0];
type Paths = Extract<OpenApi, { openapiObject: unknown }>['openapiObject']['paths'];

/** What people ask comes before what programs of podips send. */
export const TAGS = [
  { name: 'ledger', description: 'Who had an address, and when' },
  { name: 'workloads', description: 'Which workloads are unstable, and why' },
  { name: 'status', description: 'Whether the chain works' },
  { name: 'pages', description: 'Pages for people' },
  { name: 'badges', description: 'A light as a picture' },
  { name: 'operation', description: 'Probes and metrics' },
  { name: 'answers', description: 'The answers of podips 1.1, for its scripts' },
  { name: 'heartbeats', description: 'What the reader and the writer report' },
];

/** Nothing is needed where the monitor has no login, or no token. */
const SECURITY: Readonly<Record<GuardName, Record<string, string[]>[]>> = {
  open: [{}],
  pages: [{ login: [] }, {}],
  heartbeats: [{ heartbeatToken: [] }, {}],
};

/** The options of the plugin that makes the OpenAPI document from the schemas of the routes. */
export function openApiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'podips monitor',
        version,
        description:
          'Answers which pod had an address and which workloads are unstable, and shows the state of reader and writer.',
        license: { name: 'LGPL-2.1-or-later', identifier: 'LGPL-2.1-or-later' },
      },
      tags: TAGS,
      components: {
        securitySchemes: {
          login: {
            type: 'http',
            scheme: 'basic',
            description: 'READ_USER and READ_PASSWORD, if they are set',
          },
          heartbeatToken: { type: 'http', scheme: 'bearer', description: 'HEARTBEAT_TOKEN, if it is set' },
        },
      },
    },
    transformObject(document) {
      if (!('openapiObject' in document)) return document.swaggerObject;
      completePaths(document.openapiObject.paths);
      return document.openapiObject;
    },
  };
}

/** Adds to each operation what all have: an id, who may ask, examples of its parameters, and the answers that come before any route. */
function completePaths(paths: Paths): void {
  for (const [path, methods] of Object.entries(paths ?? {}))
    for (const method of ['get', 'post'] as const) {
      const operation = methods?.[method];
      if (operation === undefined || methods === undefined) continue;
      const guard = guardNameOf(path.replace(/\{(\w+)\}/g, ':$1'));
      methods[method] = {
        ...operation,
        operationId: operationId(method, path),
        security: SECURITY[guard],
        ...(operation.parameters && {
          parameters: operation.parameters.map((parameter) =>
            '$ref' in parameter ? parameter : { ...parameter, example: exampleOf(path, parameter.name) },
          ),
        }),
        responses: { ...operation.responses, ...commonResponses(guard) },
      };
    }
}

/** `getApiV1Leases` for GET /api/v1/leases. */
function operationId(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return `${method}${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') || 'Dashboard'}`;
}

function commonResponses(guard: GuardName) {
  const content = {
    'application/json': {
      schema: {
        type: 'object' as const,
        properties: { error: { type: 'string' as const } },
        required: ['error'],
      },
      example: { error: 'too many requests: at most 50 a second; try again in a second' },
    },
  };
  return {
    ...(guard !== 'open' && { 401: { description: 'The login or the token is wrong, or missing' } }),
    429: { description: 'Too many requests of this client; Retry-After says when to try again', content },
  };
}
