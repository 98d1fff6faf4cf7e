import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

interface Entry {
  readonly payload: AdapterPayload;
  /** Epoch milliseconds; Infinity if the provider gives no lifetime. */
  readonly expiresAtMs: number;
}

type Store = Map<string, Entry>;

/**
 * Sessions, codes and tokens of one local provider, kept in memory: everybody signs in again after a
 * restart, but not after a change of keys, which makes the adapters anew on the same stores.
 *
 * @see https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#adapter
 */
export function createMemoryAdapter(): AdapterFactory {
  const stores = new Map<string, Store>();
  return (model) => {
    const store = stores.get(model) ?? new Map<string, Entry>();
    stores.set(model, store);
    return memoryAdapter(store);
  };
}

function memoryAdapter(store: Store): Adapter {
  const find = (id: string): AdapterPayload | undefined => {
    const entry = store.get(id);
    if (entry === undefined || entry.expiresAtMs > Date.now()) return entry?.payload;
    store.delete(id);
    return undefined;
  };

  const findBy = (matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
    const id = [...store].find(([, { payload }]) => matches(payload))?.[0];
    return id === undefined ? undefined : find(id);
  };

  return {
    async upsert(id, payload, expiresIn) {
      const expiresAtMs = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000;
      store.set(id, { payload, expiresAtMs });
    },
    async find(id) {
      return find(id);
    },
    async findByUid(uid) {
      return findBy((payload) => payload.uid === uid);
    },
    async findByUserCode(userCode) {
      return findBy((payload) => payload.userCode === userCode);
    },
    async consume(id) {
      const payload = find(id);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      store.delete(id);
    },
    async revokeByGrantId(grantId) {
      for (const [id, { payload }] of store) if (payload.grantId === grantId) store.delete(id);
    },
  };
}
