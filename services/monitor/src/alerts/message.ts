import { type Static, Type } from '../schema/type.js';
import { LIGHTS } from '../status/lights.js';
import { LIGHT_IDS } from '../status/statuses.js';
import { formatLength, formatUtc } from '../words/format.js';
import { wordOf } from '../words/light-words.js';
import { LIGHT_NAMES } from '../words/operation-names.js';
import type { Change, Notice } from './notice.js';
import { oneLine } from './one-line.js';
import {
  describeWorkloads,
  eventOfWorkloads,
  titleOfWorkloads,
  WorkloadBody,
  workloadBodies,
} from './workload-message.js';

const Time = Type.String({ format: 'date-time' });

/** The body of posts to `ALERT_WEBHOOK_URLS`. */
export const WebhookBody = Type.Object({
  version: Type.Literal(1),
  event: Type.Enum(['problem', 'reminder', 'recovery', 'test']),
  cluster: Type.String(),
  at: Time,
  /** The alert as one line, and as a whole. */
  subject: Type.String(),
  text: Type.String(),
  /** The operation to look at first; null when none has failed or fallen silent. */
  likelyCause: Type.Union([Type.Enum(LIGHT_IDS), Type.Null()]),
  changes: Type.Array(
    Type.Object({
      operation: Type.Enum(LIGHT_IDS),
      name: Type.String(),
      kind: Type.Enum(['started', 'continues', 'ended']),
      /** The light of the time in which the operation did not work; grey: no heartbeat was ever received. */
      light: Type.Enum(['red', 'yellow', 'grey']),
      startedAt: Time,
      /** null: it lasts. */
      endedAt: Type.Union([Time, Type.Null()]),
      durationMs: Type.Integer({ minimum: 0 }),
      /** It may have been longer: the monitor did not watch in a part of it, or at one of its ends. */
      durationIsLeast: Type.Boolean(),
      code: Type.Integer(),
      message: Type.String(),
      host: Type.String(),
    }),
  ),
  lights: Type.Array(Type.Object({ operation: Type.Enum(LIGHT_IDS), light: Type.Enum(LIGHTS) })),
  /** Operations of which an alert said that they do not work, and that still do not. */
  failing: Type.Integer({ minimum: 0 }),
  /** Workloads that became unstable first, the worst of them first; at most 50. */
  workloads: Type.Array(WorkloadBody),
  /** Workloads that are unstable as reported before. */
  lasting: Type.Integer({ minimum: 0 }),
  /** The node from which most of the pods that ended were evicted, or with which they were lost; null: there is none. */
  likelyNode: Type.Union([Type.String(), Type.Null()]),
  /** The number of alerts that the hourly limit suppressed before this one. */
  heldBack: Type.Integer({ minimum: 0 }),
  /** The dashboard. */
  page: Type.Union([Type.String(), Type.Null()]),
});
export type WebhookBody = Static<typeof WebhookBody>;

/** An alert as it leaves. */
export interface Message {
  /** One line. */
  readonly subject: string;
  readonly text: string;
  readonly body: WebhookBody;
}

export interface MessageContext {
  readonly cluster: string;
  readonly pageUrl: string | undefined;
}

/** The message of a notice. Safe in headers and in plain text, whatever heartbeats contain. */
export function messageOf(notice: Notice, context: MessageContext): Message {
  const changes = inOrder(notice);
  const { workloads, atMs } = notice;
  const isOfLights = notice.headline !== '';
  const lights = `As of ${formatUtc(atMs)}:\n${notice.chain.map(describeLink).join('\n')}`;
  const paragraphs = [
    notice.headline.toWellFormed(),
    changes.map((change) => describeChange(change, atMs)).join('\n'),
    workloads === undefined ? '' : describeWorkloads(workloads, atMs),
    isOfLights ? lights : '',
    notice.heldBack > 0 ? `The hourly limit suppressed ${alerts(notice.heldBack)} before this one.` : '',
    isOfLights ? (context.pageUrl ?? '') : workloadsUrl(context),
  ];
  return compose({ ...subjectOf(changes, notice), paragraphs, notice, changes, context });
}

/** An alert about both, which was delivered late, is named by the lights. */
function subjectOf(changes: readonly Change[], notice: Notice): Pick<Parts, 'title' | 'event'> {
  const { workloads, headline, atMs } = notice;
  if (workloads === undefined) return { title: titleOf(changes, notice), event: eventOf(changes) };
  const [title, event] = [titleOfWorkloads(workloads, atMs), eventOfWorkloads(workloads)];
  if (headline === '') return { title, event };
  const worst = EVENTS.find((one) => one === event || one === eventOf(changes));
  return { title: `${titleOf(changes, notice)}. ${title}`, event: worst ?? event };
}

const EVENTS = ['problem', 'reminder', 'recovery'] as const;

function workloadsUrl({ pageUrl }: MessageContext): string {
  return pageUrl === undefined ? '' : new URL('workloads', pageUrl.replace(/\/*$/, '/')).href;
}

/** The message of `--test-alert`. */
export function testMessage(nowMs: number, context: MessageContext): Message {
  const notice: Notice = {
    atMs: nowMs,
    headline: 'This is a test: alerts of podips reach you this way.',
    likelyCause: null,
    changes: [],
    chain: [],
    heldBack: 0,
  };
  const paragraphs = [notice.headline, context.pageUrl ?? ''];
  return compose({ title: 'Test of alerts', paragraphs, event: 'test', notice, changes: [], context });
}

interface Parts {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly event: WebhookBody['event'];
  readonly notice: Notice;
  readonly changes: readonly Change[];
  readonly context: MessageContext;
}

function compose({ title, paragraphs, event, notice, changes, context }: Parts): Message {
  const subject = `[podips ${oneLine(context.cluster)}] ${title}`;
  const text = `${paragraphs.filter((paragraph) => paragraph !== '').join('\n\n')}\n`;
  const body: WebhookBody = {
    version: 1,
    event,
    cluster: context.cluster,
    at: new Date(notice.atMs).toISOString(),
    subject,
    text,
    likelyCause: notice.likelyCause,
    changes: changes.map((change) => changeBody(change, notice.atMs)),
    lights: [...notice.chain],
    failing: notice.failing ?? notice.chain.filter(({ light }) => light !== 'green').length,
    workloads: notice.workloads === undefined ? [] : workloadBodies(notice.workloads, notice.atMs),
    lasting: notice.workloads?.lasting ?? 0,
    likelyNode: notice.workloads?.likelyNode?.node ?? null,
    heldBack: notice.heldBack,
    page: context.pageUrl ?? null,
  };
  return { subject, text, body };
}

/** The likely cause first, then as data flows. */
function inOrder({ changes, likelyCause }: Notice): Change[] {
  const isCause = (change: Change) => change.operation === likelyCause;
  return [...changes.filter(isCause), ...changes.filter((change) => !isCause(change))];
}

/** What an alert with these changes is. */
export function eventOf(changes: readonly Pick<Change, 'kind'>[]): WebhookBody['event'] {
  if (changes.some(({ kind }) => kind === 'started')) return 'problem';
  return changes.some(({ kind }) => kind === 'continues') ? 'reminder' : 'recovery';
}

function titleOf(changes: readonly Change[], { atMs, chain }: Notice): string {
  const event = eventOf(changes);
  const named = changes.filter(({ kind }) => kind === (event === 'problem' ? 'started' : 'continues'));
  const [first] = event === 'recovery' ? changes : named;
  if (first === undefined) return 'Working again';
  const length = longestOf(changes, atMs);
  if (event === 'recovery') {
    if (chain.every(({ light }) => light === 'green')) return `Working again after ${length}`;
    return `${LIGHT_NAMES[first.operation]}${others(changes)} working again after ${length}`;
  }
  const what = `${LIGHT_NAMES[first.operation]} ${troubleWord(first)}${others(named)}`;
  return event === 'problem' ? what : `Still after ${length}: ${what}`;
}

/** A light that is out; one that is grey never reported. */
function troubleWord({ operation, trouble: { light } }: Change): string {
  return light === 'grey' ? 'never reported' : wordOf(operation, light);
}

/** The length of the longest. */
function longestOf(changes: readonly Change[], atMs: number): string {
  const lengthMs = Math.max(...changes.map((change) => durationMs(change, atMs)));
  const isLeast = changes.some(({ extent }) => extent?.durationIsLeast);
  return formatLength(lengthMs, isLeast);
}

function others({ length }: readonly Change[]): string {
  return length > 1 ? ` and ${length - 1} more` : '';
}

function describeChange(change: Change, nowMs: number): string {
  const { operation, kind, trouble, untilMs } = change;
  const name = LIGHT_NAMES[operation];
  const word = troubleWord(change);
  const { extent } = change;
  const length = formatLength(durationMs(change, nowMs), extent?.durationIsLeast === true);
  const since = `${formatUtc(trouble.sinceMs)}${extent?.startIsLatest ? ' or earlier' : ''}`;
  const end = `${formatUtc(untilMs ?? nowMs)}${extent?.endIsLatest ? ' or earlier' : ''}`;
  if (kind === 'ended')
    return `${name}: working again since ${end}; it was ${word} for ${length}, since ${since}.${reason(change)}`;
  return `${name}: ${kind === 'continues' ? 'still ' : ''}${word} since ${since} (${length}).${reason(change)}`;
}

function reason({ trouble: { light, code, message, host } }: Change): string {
  if (light === 'grey') return '';
  const said = `${String(code).padStart(3, '0')} ${oneLine(message)}, from ${oneLine(host)}`;
  return light === 'red' ? `\n  ${said}` : `\n  Last heartbeat, successful: ${said}`;
}

function describeLink({ operation, light }: Notice['chain'][number]): string {
  return `  ${LIGHT_NAMES[operation]}: ${wordOf(operation, light)}`;
}

function changeBody(change: Change, nowMs: number): WebhookBody['changes'][number] {
  const { operation, kind, trouble, untilMs } = change;
  return {
    operation,
    name: LIGHT_NAMES[operation],
    kind,
    light: trouble.light,
    startedAt: new Date(trouble.sinceMs).toISOString(),
    endedAt: untilMs === null ? null : new Date(untilMs).toISOString(),
    durationMs: durationMs(change, nowMs),
    durationIsLeast: change.extent?.durationIsLeast === true,
    code: trouble.code,
    message: oneLine(trouble.message),
    host: oneLine(trouble.host),
  };
}

function durationMs({ trouble, untilMs, extent }: Change, nowMs: number): number {
  if (extent !== undefined) return Math.round(extent.durationMs);
  return Math.max(0, Math.round((untilMs ?? nowMs) - trouble.sinceMs));
}

function alerts(count: number): string {
  return count === 1 ? '1 alert' : `${count} alerts`;
}
