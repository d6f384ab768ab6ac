import type { PodIpMessage } from '@podips/shared';

/** The fields of a real message, in their order, with values that cannot be mistaken for real ones. */
export type MockMessage = { readonly [Field in keyof PodIpMessage]: string | boolean | number };

/**
 * Builds the n-th mock message.
 * @param run distinguishes the ids of several producers, or of one that was restarted
 */
export function buildMockMessage(n: number, run: string, now: Date): MockMessage {
  return {
    class: 'mock',
    subclass: 'mock',
    origin: 'mock',
    host: 'mock',
    dc: 'mock',
    pod_namespace: 'mock',
    pod: 'mock',
    pod_ip: 'mock',
    pod_ip_status: 'mock',
    short_message: `mock/mock:${n}`,
    full_message: 'mock',
    timestamp: now.toISOString(),
    logtype: 'mock',
    event_id: `mock-${run}-${n}`,
    pod_uid: 'mock',
    pod_kind: 'mock',
    pod_owner: 'mock',
    node: 'mock',
    host_network: false,
    inferred: false,
    observed_at: now.toISOString(),
    uncertainty_ms: 0,
    workload_kind: 'mock',
    workload: 'mock',
    service_account: 'mock',
  };
}
