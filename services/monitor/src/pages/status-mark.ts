import { statusOf } from '../words/status-code.js';
import { type Html, html } from './html.js';

/** The status before what was reported; nothing where it means nothing. */
export function statusMark(report: Parameters<typeof statusOf>[0]): Html | undefined {
  const status = statusOf(report);
  return status === '' ? undefined : html`<span class="code">${status}</span> `;
}
