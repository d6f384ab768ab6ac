import { assertFits } from '../schema/check.js';
import { type Static, Type } from '../schema/type.js';
import type { Light } from '../status/lights.js';
import { type Html, html } from './html.js';
import { type Assets, layout } from './layout.js';

const Parameter = Type.Object({ name: Type.String(), in: Type.String(), description: Type.String() });

const Operation = Type.Object({
  summary: Type.String(),
  tags: Type.Optional(Type.Array(Type.String())),
  description: Type.Optional(Type.String()),
  parameters: Type.Optional(Type.Array(Parameter)),
  responses: Type.Record(Type.String(), Type.Object({ description: Type.String() })),
});

/** The part of an OpenAPI document that the page shows. */
const ApiDocument = Type.Object({
  tags: Type.Array(Type.Object({ name: Type.String(), description: Type.String() })),
  info: Type.Object({ title: Type.String(), version: Type.String(), description: Type.String() }),
  paths: Type.Record(Type.String(), Type.Record(Type.String(), Operation)),
});
export type ApiDocument = Static<typeof ApiDocument>;

/** @throws when a route lacks what the page shows, such as a summary */
export function readApiDocument(document: unknown): ApiDocument {
  assertFits(ApiDocument, document);
  return document;
}

export interface ApiPageOptions {
  readonly assets: Assets;
  /** The worst light, for the icon of the tab. */
  readonly light: Light;
  readonly hasLedger: boolean;
}

/** The API documentation for people. */
export function apiPage(
  { info, tags, paths }: ApiDocument,
  { assets, light, hasLedger }: ApiPageOptions,
): Html {
  const content = html`
<h1>HTTP interface</h1>
<p>${info.description} Version ${info.version}. Also as an <a href="/api/openapi.json">OpenAPI document</a>.</p>
${groupsOf(paths, tags).map(
  ({
    tag: { name, description },
    entries,
  }) => html`<section aria-labelledby="tag-${name}"><h2 id="tag-${name}" class="section">${description}</h2>
${entries.map(([path, methods]) => pathSection(path, methods))}</section>`,
)}`;
  return layout({ title: 'API – podips monitor', light, assets, content, current: '/api', hasLedger });
}

type Methods = ApiDocument['paths'][string];

/** Paths by their first tag, in the order of the tags. */
function groupsOf(paths: ApiDocument['paths'], tags: ApiDocument['tags']) {
  const groups = Map.groupBy(Object.entries(paths), ([, methods]) => Object.values(methods)[0]?.tags?.[0]);
  return tags.flatMap((tag) => {
    const entries = groups.get(tag.name);
    return entries === undefined ? [] : [{ tag, entries }];
  });
}

/** Methods of one path differ in nothing else, so one description does for all. */
function pathSection(path: string, methods: Methods): Html {
  const names = Object.keys(methods).map((method) => method.toUpperCase());
  const operation = Object.values(methods)[0];
  if (operation === undefined) return html``;
  const { summary, description, parameters = [], responses } = operation;
  return html`
<article class="card path">
<h3><span class="method">${names.join(', ')}</span> <code>${path}</code></h3>
<p>${summary}.</p>
${description === undefined ? undefined : html`<p class="exact">${description}</p>`}
<dl class="facts parameters">
${parameters.map((parameter) => html`<dt><code>${parameter.name}</code> in ${parameter.in}</dt><dd>${parameter.description}</dd>`)}
${Object.entries(responses).map(([status, response]) => html`<dt>${status}</dt><dd>${response.description}</dd>`)}
</dl>
</article>`;
}
