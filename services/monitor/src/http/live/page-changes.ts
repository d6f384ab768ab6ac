import { dashboardParts, type Part } from '../../pages/dashboard/parts.js';
import { dashboardTitle } from '../../pages/dashboard-page.js';
import type { StatusView } from '../../view/status-view.js';

/** What the page's script is told. */
export interface PageChanges {
  /** Milliseconds since the epoch by the monitor's clock. */
  readonly now: number;
  readonly title: string;
  readonly light: string;
  /** Of the files that belong to these parts: a page with another one loads itself again. */
  readonly build: string;
  readonly parts: readonly { readonly id: string; readonly version: string; readonly html: string }[];
}

/** Renders the page for all who listen, and remembers what they have. */
export interface PageRenderer {
  /** Everything, for one who has just come. */
  whole(): PageChanges;
  /** What has changed since the last call; what has not is left out. */
  changes(): PageChanges;
}

/** @param build of the files that the page loads */
export function createPageRenderer(view: () => StatusView, build: string): PageRenderer {
  let sent: ReadonlyMap<string, Part> = new Map();

  function message(current: StatusView, parts: Iterable<Part>): PageChanges {
    return {
      now: Date.parse(current.at),
      title: dashboardTitle(current),
      light: current.overall,
      build,
      parts: [...parts].map(({ id, version, markup }) => ({ id, version, html: markup.text })),
    };
  }

  return {
    whole() {
      const current = view();
      const parts = dashboardParts(current);
      // Who has just come knows more than the others. Should that be undone before the others learn of it, the next
      // message must still have it.
      sent = new Map([...sent].filter(([id, { version }]) => parts.get(id)?.version === version));
      return message(current, parts.values());
    },
    changes() {
      const current = view();
      const parts = dashboardParts(current);
      const changed = [...parts.values()].filter(({ id, version }) => sent.get(id)?.version !== version);
      sent = parts;
      return message(current, changed);
    },
  };
}
