/**
 * The order of one SKU, kept in the browser from before it is sent until the shopper starts another one: whatever is
 * reloaded, closed or clicked twice finds the same transaction ID.
 */
export function createKeptOrder(saleId, sku) {
  const key = `sluice:order:${saleId}:${sku}`;
  /** For browsers that keep nothing. */
  let inMemory;

  return {
    key,
    read() {
      try {
        return JSON.parse(localStorage.getItem(key)) ?? undefined;
      } catch {
        return inMemory;
      }
    },
    write(order) {
      inMemory = order;
      try {
        localStorage.setItem(key, JSON.stringify(order));
      } catch {}
      return order;
    },
    remove() {
      inMemory = undefined;
      try {
        localStorage.removeItem(key);
      } catch {}
    },
  };
}

export function newTransactionId() {
  // Without TLS, as within one's own network, browsers have no randomUUID.
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
