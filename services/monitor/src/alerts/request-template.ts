import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { toError } from '@podips/shared';
import Mustache from 'mustache';
import { eventOf, testMessage, type WebhookBody } from './message.js';

/** One HTTP request of an alert, as a file describes it. */
export interface AlertRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface RequestTemplate {
  /** The name of its file without the extension: `pagerduty`. */
  readonly name: string;
  /** Changes with the file's content. */
  readonly text: string;
  /** The request of an alert; two of one about lights and workloads, which are two incidents there. */
  render(alert: WebhookBody): readonly AlertRequest[];
}

const METHODS = ['POST', 'PUT', 'PATCH'];
const MAX_TITLE_CHARS = 120;
const MAX_SHORT_TEXT_CHARS = 3_000;

/**
 * Reads a file with an HTTP request in which Mustache tags stand for parts of the alert: a request line, headers, an empty
 * line, the body. What a tag stands for is encoded as its place demands: for a URL, for JSON, as one line in a header.
 * @throws {Error} that says what is wrong, without any of the file's content, which may be secret
 */
export function readRequestTemplate(path: string): RequestTemplate {
  const template = parseRequestTemplate(basename(path).replace(/\.[^.]*$/, ''), readFileSync(path, 'utf8'));
  const sample = testMessage(0, { cluster: 'a "b"\\', pageUrl: 'https://podips.example.com/' }).body;
  for (const event of ['problem', 'recovery'] as const)
    for (const request of template.render({ ...sample, event })) check(request, event);
  return template;
}

export function parseRequestTemplate(name: string, text: string): RequestTemplate {
  const [head = '', ...rest] = text.replaceAll('\r\n', '\n').trimStart().split('\n\n');
  const [requestLine = '', ...headerLines] = head.split('\n');
  const { method, target } =
    /^(?<method>[A-Z]+) (?<target>\S.*?)(?: HTTP\/\d(?:\.\d)?)?$/.exec(requestLine)?.groups ?? {};
  if (!method || !target || !METHODS.includes(method))
    throw new Error('must begin with a line such as "POST https://example.com/alerts"');
  const headers = headerLines.map(parseHeader);
  const isJson = headers.some(([header, value]) => header === 'content-type' && /\bjson\b/i.test(value));
  const body = rest.join('\n\n').trimEnd();
  for (const part of [target, body, ...headers.map(([, value]) => value)]) checkTags(part);
  const requestOf = (alert: WebhookBody): AlertRequest => {
    const view = viewOf(alert);
    return {
      method,
      url: render(target, view, encodeURIComponent),
      headers: Object.fromEntries(headers.map(([header, value]) => [header, render(value, view, asHeader)])),
      body: render(body, view, isJson ? insideJson : String),
    };
  };
  const hasKey = HAS_KEY.test(text);
  return { name, text, render: (alert) => (hasKey ? incidentsOf(alert) : [alert]).map(requestOf) };
}

/** Whether what receives the requests distinguishes incidents. */
const HAS_KEY = /\{\{[{&]?\s*incident\b/;

/** An alert about lights and workloads, which was delivered late, as one about each: they are over at different times. */
function incidentsOf(alert: WebhookBody): WebhookBody[] {
  const { changes, workloads } = alert;
  if (changes.length === 0 || workloads.length === 0) return [alert];
  return [
    { ...alert, event: eventOf(changes), workloads: [], lasting: 0, likelyNode: null },
    { ...alert, event: eventOf(workloads), changes: [], likelyCause: null },
  ];
}

function parseHeader(line: string): [string, string] {
  const { name, value } = /^(?<name>[A-Za-z0-9-]+):\s*(?<value>.*?)\s*$/.exec(line)?.groups ?? {};
  if (!name) throw new Error('has a line before its first empty line that is no header, "Name: value"');
  return [name.toLowerCase(), value ?? ''];
}

/** The names that tags may have: the fields of the webhook's JSON, and a few of these in another form. */
function viewOf(alert: WebhookBody) {
  const { event, cluster, changes, workloads, failing, lasting } = alert;
  // What the hourly limit suppressed may be over by now: such an alert has no changes.
  const isOfLights = changes.length > 0 || workloads.length === 0;
  // Not the lights of the moment: of one that is muted or only just red, no recovery may ever be sent.
  const isOver = (isOfLights ? failing : lasting) === 0;
  const isResolved = event === 'recovery' && isOver;
  return {
    ...alert,
    incident: `podips-${cluster}-${event === 'test' ? 'test' : isOfLights ? 'chain' : 'workloads'}`,
    title: cut(alert.subject, MAX_TITLE_CHARS),
    shortText: cut(alert.text, MAX_SHORT_TEXT_CHARS),
    test: event === 'test',
    resolved: isResolved,
    firing: !isResolved,
  };
}

function cut(text: string, maxChars: number): string {
  const chars = [...text];
  return chars.length > maxChars ? `${chars.slice(0, maxChars - 1).join('')}…` : text;
}

function render(template: string, view: object, encode: (text: string) => string): string {
  return Mustache.render(template, view, undefined, { escape: (value) => encode(String(value)) });
}

/** JSON.stringify without the quotation marks, which stand in the file. */
const insideJson = (text: string) => JSON.stringify(text).slice(1, -1);

/** HTTP headers hold ASCII; what reads them decodes nothing. */
const asHeader = (text: string) => text.replace(/[^\x20-\x7e]+/g, ' ').trim();

function checkTags(template: string): void {
  try {
    Mustache.parse(template);
  } catch (err) {
    // "Unclosed section "x" at 12": tags, which are not secret.
    throw new Error(`has a wrong tag: ${toError(err).message}`);
  }
}

function check({ url, headers, body }: AlertRequest, event: string): void {
  if (!['http:', 'https:'].includes(URL.parse(url)?.protocol ?? ''))
    throw new Error(`has no http(s) URL in its first line for a ${event}`);
  if (!/\bjson\b/i.test(headers['content-type'] ?? '')) return;
  try {
    JSON.parse(body);
  } catch {
    throw new Error(`has a body that is not JSON for a ${event}`);
  }
}
