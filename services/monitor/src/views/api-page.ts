import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Html, html } from './html.js';
import { layout } from './layout.js';

const Parameter = Type.Object({ name: Type.String(), in: Type.String(), description: Type.String() });

const Operation = Type.Object({
  summary: Type.String(),
  description: Type.Optional(Type.String()),
  parameters: Type.Optional(Type.Array(Parameter)),
  responses: Type.Record(Type.String(), Type.Object({ description: Type.String() })),
});

/** The part of an OpenAPI document that the page shows. */
const ApiDocument = Type.Object({
  info: Type.Object({ title: Type.String(), version: Type.String(), description: Type.String() }),
  paths: Type.Record(Type.String(), Type.Record(Type.String(), Operation)),
});
export type ApiDocument = Static<typeof ApiDocument>;

/** @throws when a route lacks what the page shows, such as a summary */
export function readApiDocument(document: unknown): ApiDocument {
  return Value.Parse(ApiDocument, document);
}

/** The API documentation for people. */
export function apiPage({ info, paths }: ApiDocument, stylePath: string): Html {
  const content = html`
<h1>HTTP interface</h1>
<p>${info.description} Version ${info.version}. Also as an <a href="/api/openapi.json">OpenAPI document</a>.</p>
${Object.entries(paths).map(([path, methods]) => pathSection(path, methods))}`;
  return layout({ title: 'API – podips monitor', stylePath, content });
}

/** Methods of one path differ in nothing else, so one description does for all. */
function pathSection(path: string, methods: ApiDocument['paths'][string]): Html {
  const names = Object.keys(methods).map((method) => method.toUpperCase());
  const operation = Object.values(methods)[0];
  if (operation === undefined) return html``;
  const { summary, description, parameters = [], responses } = operation;
  return html`
<section class="path">
<h2><span class="method">${names.join(', ')}</span> <code>${path}</code></h2>
<p>${summary}.</p>
${description === undefined ? undefined : html`<p>${description}</p>`}
<dl>
${parameters.map((parameter) => html`<dt><code>${parameter.name}</code> (${parameter.in})</dt><dd>${parameter.description}</dd>`)}
${Object.entries(responses).map(([status, response]) => html`<dt>${status}</dt><dd>${response.description}</dd>`)}
</dl>
</section>`;
}
