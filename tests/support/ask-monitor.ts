import type { LedgerView } from '../../services/monitor/src/ledger/ledger-view.js';
import type { MonitorProcess } from './monitor-process.js';

/** The answer of a monitor. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export async function getFrom({ url }: MonitorProcess, path: string): Promise<Answer> {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** The page of the ledger with the answer to a question. */
export function ledgerPage(monitor: MonitorProcess, fields: Record<string, string>): Promise<Answer> {
  return getFrom(monitor, `/leases?${new URLSearchParams(fields)}`);
}

/** The state of the ledger, as the dashboard has it. */
export async function ledgerView(monitor: MonitorProcess): Promise<LedgerView | null> {
  const status: { ledger: LedgerView | null } = JSON.parse((await getFrom(monitor, '/api/v1/status')).body);
  return status.ledger;
}
