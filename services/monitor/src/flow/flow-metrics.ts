import { Gauge, type Metric } from 'prom-client';
import type { FlowView } from './flow-view.js';

/** Metrics of delivery; a value that is not known is absent. */
export function flowMetrics(view: () => FlowView | undefined): Metric[] {
  const waiting = new Gauge({
    name: 'podips_delivery_waiting_messages',
    help: 'Messages that are not at Fluentd: in the memory of the reader, in the outbox, on the queue',
    labelNames: ['where'],
    registers: [],
    collect() {
      const { buffered = null, outbox = null, queued = null } = view() ?? {};
      const places = { reader: buffered, outbox, queue: queued };
      this.reset();
      for (const [where, count] of Object.entries(places)) if (count !== null) this.set({ where }, count);
    },
  });
  const oldest = new Gauge({
    name: 'podips_delivery_oldest_seconds',
    help: 'For how long the oldest message has been on the queue; 0 when there is none, absent when that is not known',
    registers: [],
    collect() {
      const flow = view();
      if (flow === undefined || flow.state === 'not known') this.remove();
      else this.set((flow.oldestMs ?? 0) / 1_000);
    },
  });
  return [waiting, oldest];
}
