import { expect, test } from 'vitest';
import { ago, ledgerView, statusView } from '../../view/status-view.test.helpers.js';
import { ledger } from './ledger.js';

const view = statusView(['green', 'green', 'green', 'green']);

test.each([
  ['up to date', {}, ['green', 'up to date', '0 messages', '>12 s ago<', '<dd>none</dd>']],
  ['behind', { knownUntil: ago(400_000) }, ['yellow', 'behind', '>6 min 40 s ago<']],
  ['one message waits', { waiting: 1 }, ['<dd>1 message</dd>']],
  ['very many wait', { waiting: 100_000, waitingMore: true }, ['more than 100,000 messages']],
  ['gaps', { gaps: 2 }, ['<a href="/api/v1/gaps">2</a>']],
  ['nothing written', { knownUntil: null }, ['grey', 'nothing written yet', 'not known yet']],
  [
    'unavailable',
    { error: 'the database <does not answer>', failingSince: ago(120_000) },
    ['red', 'cannot be read', '>2 min<', 'the database &lt;does not answer&gt;', 'Last read'],
  ],
  [
    'not asked',
    { answeredAt: null, waiting: null, gaps: null, knownUntil: null },
    ['grey', 'not queried yet'],
  ],
])('the ledger on the dashboard: %s', (_how, changes, texts) => {
  const { text } = ledger(ledgerView(changes), view);
  for (const expected of [...texts, '<a href="/leases">']) expect(text).toContain(expected);
});
