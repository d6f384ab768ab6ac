import { dashboardParts, type Part } from '../../pages/dashboard/parts.js';
import { dashboardTitle } from '../../pages/dashboard-page.js';
import type { StatusView } from '../../view/status-view.js';

/** An event for the page's script. */
export interface PageChanges {
  /** Milliseconds since the epoch by the monitor's clock. */
  readonly now: number;
  readonly title: string;
  readonly light: string;
  /** The build of the files that belong to these parts: a page of another build reloads itself. */
  readonly build: string;
  readonly parts: readonly { readonly id: string; readonly version: string; readonly html: string }[];
}

/** Renders the page for all streams, and remembers what was sent. */
export interface PageRenderer {
  /** Everything, for a new stream. */
  whole(): PageChanges;
  /** Only the parts that have changed since the last call. */
  changes(): PageChanges;
}

/** @param build the build of the files that the page loads */
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
      // A new stream has newer parts than the others. If such a part changes back before the others receive it, the next
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
