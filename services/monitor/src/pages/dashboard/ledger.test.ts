import { expect, test } from 'vitest';
import { ago, ledgerLight, ledgerView, statusView } from '../../view/status-view.test.helpers.js';
import { ledger } from './ledger.js';

const view = statusView(['green', 'green', 'green', 'green']);

test.each([
  ['up to date', 'green', {}, ['>working<', 'up to date', '0 messages', '>12 s ago<', '<dd>none</dd>']],
  ['behind', 'yellow', { knownUntil: ago(400_000) }, ['>behind<', '>6 min 40 s ago<']],
  ['one message waits', 'green', { waiting: 1 }, ['<dd>1 message</dd>']],
  ['very many wait', 'green', { waiting: 100_000, waitingMore: true }, ['more than 100,000 messages']],
  ['gaps', 'green', { gaps: 2 }, ['<a href="/api/v1/gaps">2</a>']],
  ['nothing written', 'yellow', { knownUntil: null }, ['not known yet']],
  [
    'unavailable',
    'red',
    { error: 'not shown', failingSince: ago(120_000) },
    ['>failing<', '>2 min 12 s<', 'does not &lt;answer&gt;', 'found by the monitor', 'Last read'],
  ],
  [
    'not asked',
    'grey',
    { answeredAt: null, waiting: null, gaps: null, knownUntil: null },
    ['>not known yet<'],
  ],
] as const)('the ledger on the dashboard: %s', (_how, light, changes, texts) => {
  const shown = ledgerLight(light);
  const heartbeat = shown.heartbeat && {
    ...shown.heartbeat,
    message: light === 'red' ? 'does not <answer>' : 'up to date',
  };
  const { text } = ledger(ledgerView(changes), { ...shown, heartbeat }, view);
  for (const expected of [...texts, '<a href="/leases">']) expect(text).toContain(expected);
});
