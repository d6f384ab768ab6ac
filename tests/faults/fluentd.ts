import type { Fault } from './fault.js';
import { nothing } from './fault.js';
import { grown } from './felt.js';

const RED = { log: 'red' } as const;

/** Fluentd fails. */
export const FLUENTD_FAULTS: readonly Fault[] = [
  {
    name: 'Fluentd stopped',
    part: 'fluentd',
    lights: RED,
    headline: { what: 'Fluentd accepts no records.', help: 'troubleshooting#fluentd-is-down' },
    begin: ({ sink }) => sink.faults.refuse(true),
    end: ({ sink }) => sink.faults.refuse(false),
  },
  {
    name: 'Fluentd accepts, but never acknowledges',
    part: 'fluentd',
    lights: RED,
    begin: ({ sink }) => sink.faults.neverAck(true),
    end: ({ sink }) => sink.faults.neverAck(false),
  },
  {
    name: 'Fluentd answers with a text without end',
    part: 'fluentd',
    lights: RED,
    begin({ sink }) {
      sink.faults.badAnswer = 'a text without end';
    },
    end({ sink }) {
      sink.faults.badAnswer = undefined;
    },
  },
  {
    name: 'Fluentd acknowledges late',
    part: 'fluentd',
    lights: {},
    felt: ({ sink }) => grown(() => sink.faults.delayedAcks, 3),
    begin({ sink }) {
      sink.faults.ackDelayMs = 1_000;
    },
    end({ sink }) {
      sink.faults.ackDelayMs = 0;
    },
  },
  {
    name: 'Fluentd acknowledges too late',
    part: 'fluentd',
    lights: RED,
    begin({ sink }) {
      sink.faults.ackDelayMs = 3_000;
    },
    end({ sink }) {
      sink.faults.ackDelayMs = 0;
    },
  },
  {
    name: 'Fluentd resets in the middle of a chunk',
    part: 'fluentd',
    momentary: true,
    lights: RED,
    begin: ({ sink }) => sink.faults.resetNextChunk('before-stored'),
    end: nothing,
  },
  {
    name: 'Fluentd resets after a chunk, without an ack',
    part: 'fluentd',
    momentary: true,
    lights: RED,
    begin: ({ sink }) => sink.faults.resetNextChunk('after-stored'),
    end: nothing,
  },
];
