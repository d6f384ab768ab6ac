import fc from 'fast-check';
import { projectTimes } from './pod-times.js';

const START = Date.parse('2026-11-26T10:00:00.000Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How wrong the clocks are, and how long the steps of a pod's life take, all in milliseconds. */
export interface Life {
  readonly createdAt: number;
  /** The server's clock is so much ahead of the reader's, and the node's of the server's. */
  readonly serverAhead: number;
  readonly nodeAhead: number;
  readonly pendingMs: number;
  readonly acceptMs: number;
  readonly sandboxMs: number;
  readonly pullMs: number;
  readonly startLagMs: number;
  readonly runMs: number;
  readonly stopMs: number;
  readonly endLagMs: number;
  readonly pauseMs: number;
  readonly roundTripMs: number;
  readonly saysSandbox: boolean;
}

const skew = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -3_000, max: 3_000 }),
  fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
);
const upTo = (max: number) => fc.oneof(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max }));
export const lives: fc.Arbitrary<Life> = fc.record({
  createdAt: fc.integer({ min: START, max: START + DAY_MS }),
  serverAhead: skew,
  nodeAhead: skew,
  pendingMs: upTo(600_000),
  acceptMs: upTo(5_000),
  sandboxMs: upTo(3_000),
  pullMs: upTo(120_000),
  startLagMs: upTo(60_000),
  runMs: upTo(HOUR_MS),
  stopMs: upTo(2_000),
  endLagMs: upTo(60_000),
  pauseMs: upTo(120_000),
  roundTripMs: upTo(1_000),
  saysSandbox: fc.boolean(),
});

/** The moments of a life, and the versions that the API server has of it, by its clock and the node's. */
export function live(life: Life) {
  const boundAt = life.createdAt + life.pendingMs;
  const acceptedAt = boundAt + life.acceptMs;
  const addressAt = acceptedAt + life.sandboxMs;
  const containerAt = addressAt + life.pullMs;
  const startWrittenAt = containerAt + life.startLagMs;
  const finishedAt = startWrittenAt + life.runMs;
  const goneAt = finishedAt + life.stopMs;
  const endWrittenAt = goneAt + life.endLagMs;
  const second = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;
  const byServer = (at: number) => second(at + life.serverAhead);
  const byNode = (at: number) => second(at + life.serverAhead + life.nodeAhead);
  const version = (writtenAt: number, ready: boolean, changedAt: number, state: object, phase: string) => ({
    metadata: {
      creationTimestamp: byServer(life.createdAt),
      managedFields: [
        { manager: 'kube-controller-manager', time: byServer(life.createdAt) },
        { manager: 'kubelet', subresource: 'status', time: byServer(writtenAt) },
      ],
    },
    status: {
      phase,
      startTime: byNode(acceptedAt),
      conditions: [
        ...(life.saysSandbox
          ? [
              {
                type: 'PodReadyToStartContainers',
                status: ready ? 'True' : 'False',
                lastTransitionTime: byNode(changedAt),
              },
            ]
          : []),
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: byNode(changedAt) },
        { type: 'PodScheduled', status: 'True', lastTransitionTime: byServer(boundAt) },
      ],
      containerStatuses: [{ state }],
    },
  });
  const startedAt = byNode(containerAt);
  return {
    addressAt,
    goneAt,
    startWrittenAt,
    endWrittenAt,
    started: projectTimes(version(startWrittenAt, true, containerAt, { running: { startedAt } }, 'Running')),
    finished: projectTimes(
      version(
        endWrittenAt,
        false,
        goneAt,
        { terminated: { startedAt, finishedAt: byNode(finishedAt) } },
        'Succeeded',
      ),
    ),
  };
}
