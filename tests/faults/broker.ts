import { pause } from '@podips/shared';
import type { Fault } from './fault.js';
import { nothing } from './fault.js';
import { heldBack } from './felt.js';
import type { Stage } from './stage.js';

const RED = { 'queue/write': 'red', 'queue/read': 'red' } as const;
const FROZEN_MS = 60_000;

/** The proxy, in the broker's place, answers the next frame with this command with ERROR. */
const refuses = (command: 'SEND' | 'ACK' | 'COMMIT', lights: Fault['lights']): Fault => ({
  name: `broker answers ERROR on ${command}`,
  part: 'broker',
  lights,
  momentary: true,
  begin: ({ brokerProxy }) =>
    brokerProxy.answerNext(new RegExp(`(^|\\0\\n*)${command}\\n`), 'ERROR\nmessage:no space left\n\n\0'),
  end: nothing,
});

const unreachable = {
  async begin({ brokerProxy }: Stage) {
    await brokerProxy.refuse(true);
    brokerProxy.cut();
  },
  end: ({ brokerProxy }: Stage) => brokerProxy.refuse(false),
};

/** The broker or the way to it fails. */
export const BROKER_FAULTS: readonly Fault[] = [
  {
    name: 'broker killed, and restarted on its journal',
    part: 'broker',
    lights: RED,
    begin: ({ broker }) => broker.stop('SIGKILL'),
    end: ({ broker }) => broker.start(),
  },
  {
    name: 'broker stopped',
    part: 'broker',
    lights: RED,
    headline: {
      what: 'The broker cannot be used: queue write and queue read both fail.',
      help: 'troubleshooting#the-broker-is-down',
    },
    begin: ({ broker }) => broker.stop('SIGTERM'),
    end: ({ broker }) => broker.start(),
  },
  {
    name: 'broker frozen',
    part: 'broker',
    lights: RED,
    begin: ({ broker }) => broker.freeze(),
    end: ({ broker }) => broker.thaw(),
  },
  {
    name: 'connection to the broker half-open',
    part: 'broker',
    lights: RED,
    begin: ({ brokerProxy }) => brokerProxy.halfOpen(true),
    end({ brokerProxy }) {
      brokerProxy.halfOpen(false);
      brokerProxy.cut();
    },
  },
  { name: 'broker unreachable', part: 'broker', lights: RED, ...unreachable },
  {
    name: 'connections to the broker cut',
    part: 'broker',
    momentary: true,
    lights: RED,
    begin: ({ brokerProxy }) => brokerProxy.cut(),
    end: nothing,
  },
  {
    name: 'broker slow',
    part: 'broker',
    lights: {},
    felt: heldBack('brokerProxy'),
    begin({ brokerProxy }) {
      brokerProxy.delayMs = 300;
    },
    end({ brokerProxy }) {
      brokerProxy.delayMs = 0;
    },
  },
  refuses('SEND', { 'queue/write': 'red' }),
  refuses('COMMIT', { 'queue/write': 'red' }),
  refuses('ACK', { 'queue/read': 'red' }),
];

export const FROZEN_FOR_A_MINUTE: Fault = {
  name: 'broker frozen for 60 seconds',
  part: 'broker',
  alone: true,
  lights: RED,
  begin: ({ broker }) => broker.freeze(),
  felt: async () => async () => void (await pause(FROZEN_MS)),
  end: ({ broker }) => broker.thaw(),
};

/** The broker comes back with other logins than the services have. */
export const LOGIN_REFUSED: Fault = {
  name: 'broker refuses the login',
  part: 'broker',
  lights: RED,
  async begin({ broker }) {
    await broker.stop();
    await broker.start([{ name: 'another', password: 'user' }]);
  },
  async end({ broker }) {
    await broker.stop();
    await broker.start();
  },
};
