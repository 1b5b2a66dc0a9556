import type { LogOrder } from '../protocol.js';

const DATABASE = 'foldin';
const STORE = 'kept';

/** What stays in this browser from visit to visit: the last model, as its file's bytes, and the last log. */
export interface Kept {
  readonly model: Uint8Array<ArrayBuffer>;
  readonly log: LogOrder;
}

export const keep = <Key extends keyof Kept>(key: Key, value: Kept[Key]): Promise<unknown> =>
  inStore('readwrite', (store) => store.put(value, key));

export const kept = <Key extends keyof Kept>(key: Key): Promise<Kept[Key] | undefined> =>
  inStore('readonly', (store) => store.get(key)) as Promise<Kept[Key] | undefined>;

export const isAnythingKept = async (): Promise<boolean> =>
  ((await inStore('readonly', (store) => store.count())) as number) > 0;

/** Everything, the database itself included. */
export function forget(): Promise<void> {
  return new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase(DATABASE);
    deleting.onsuccess = () => resolve();
    deleting.onerror = () => reject(deleting.error);
  });
}

async function inStore(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      // A request that succeeded may still not be written when the disk is full.
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}
