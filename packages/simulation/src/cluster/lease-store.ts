import type { LeaseDraft, LeaseObject, LeaseSpec } from './lease-object.js';
import type { Random } from './random.js';
import type { VersionedStore } from './versioned-store.js';

export interface LeaseStoreParts {
  /** Leases take their resource versions from the same sequence as pods. */
  readonly store: VersionedStore;
  readonly random: Random;
  readonly now: () => Date;
}

/** Why the API server does not store a Lease. */
export type LeaseRefusal =
  | 'no-namespace'
  | 'exists'
  | 'not-found'
  | 'stale'
  | 'other-uid'
  | 'no-resource-version';

/** The Leases of the simulated cluster. An update succeeds only on the version that it was made from. */
export class LeaseStore {
  readonly #parts: LeaseStoreParts;
  readonly #leases = new Map<string, LeaseObject>();
  readonly #deletedNamespaces = new Set<string>();

  constructor(parts: LeaseStoreParts) {
    this.#parts = parts;
  }

  get(namespace: string, name: string): LeaseObject | undefined {
    return this.#leases.get(keyOf(namespace, name));
  }

  create(namespace: string, draft: LeaseDraft & { readonly metadata: { readonly name: string } }) {
    const { name } = draft.metadata;
    if (this.#deletedNamespaces.has(namespace)) return 'no-namespace';
    if (this.get(namespace, name)) return 'exists';
    const uid = this.#parts.random.uuid();
    const creationTimestamp = this.#parts.now().toISOString().replace(/\.\d+/, '');
    return this.#write(namespace, name, draft, { uid, creationTimestamp });
  }

  /** Replaces a Lease, or creates one where there is none: the API server lets a PUT do that for Leases. */
  update(namespace: string, name: string, { metadata, spec }: LeaseDraft): LeaseObject | LeaseRefusal {
    const stored = this.get(namespace, name);
    if (metadata.uid !== undefined && metadata.uid !== stored?.metadata.uid) return 'other-uid';
    if (stored === undefined) return this.create(namespace, { metadata: { ...metadata, name }, spec });
    if (metadata.resourceVersion === undefined || metadata.resourceVersion === '')
      return 'no-resource-version';
    if (metadata.resourceVersion !== stored.metadata.resourceVersion) return 'stale';
    const { uid, creationTimestamp } = stored.metadata;
    return this.#write(namespace, name, { metadata, spec }, { uid, creationTimestamp });
  }

  /** Changes a Lease as another client would, for example `kubectl edit`. */
  edit(namespace: string, name: string, change: LeaseSpec): LeaseObject | LeaseRefusal {
    const stored = this.get(namespace, name);
    if (stored === undefined) return 'not-found';
    return this.update(namespace, name, { ...stored, spec: { ...stored.spec, ...change } });
  }

  delete(namespace: string, name: string): boolean {
    this.#parts.store.advance(1);
    return this.#leases.delete(keyOf(namespace, name));
  }

  /** Deletes a namespace with its Leases. All that were never deleted exist. */
  deleteNamespace(namespace: string): void {
    this.#deletedNamespaces.add(namespace);
    for (const [key, lease] of this.#leases)
      if (lease.metadata.namespace === namespace) this.#leases.delete(key);
  }

  createNamespace(namespace: string): void {
    this.#deletedNamespaces.delete(namespace);
  }

  #write(
    namespace: string,
    name: string,
    { metadata, spec }: LeaseDraft,
    kept: { readonly uid: string; readonly creationTimestamp: string },
  ): LeaseObject {
    const { store } = this.#parts;
    store.advance(1);
    const { labels, annotations } = metadata;
    const lease: LeaseObject = {
      kind: 'Lease',
      apiVersion: 'coordination.k8s.io/v1',
      metadata: {
        name,
        namespace,
        uid: kept.uid,
        resourceVersion: String(store.revision),
        creationTimestamp: kept.creationTimestamp,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
      },
      spec,
    };
    this.#leases.set(keyOf(namespace, name), lease);
    return lease;
  }
}

const keyOf = (namespace: string, name: string) => `${namespace}/${name}`;
