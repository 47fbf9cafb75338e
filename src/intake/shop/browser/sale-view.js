import { pause, retryDelayMs } from './pause.js';

/** Between two looks at the stock: a crowd of thousands looks too. */
const openMs = 4_000;
const quietMs = 15_000;

/**
 * Looks at the sale again and again while the page is visible, and tells what it sees.
 *
 * @param {{ gateway: object, clock: object, onSale: (sale: object) => void, onAway: () => void }} deps
 */
export function watchSale({ gateway, clock, onSale, onAway }) {
  let waking = new AbortController();
  const wake = () => waking.abort();
  document.addEventListener('visibilitychange', wake);
  window.addEventListener('online', wake);
  void watch();
  return { wake };

  async function watch() {
    let failures = 0;
    for (;;) {
      waking = new AbortController();
      const sentMs = Date.now();
      const { order: sale, retryAfterSeconds } = await gateway.sale();
      if (sale) {
        failures = 0;
        clock.observe({ serverMs: Date.parse(sale.serverTime), sentMs, receivedMs: Date.now() });
        onSale(sale);
        await pause(delayMs(sale), waking.signal);
      } else {
        failures += 1;
        onAway();
        await pause(retryDelayMs(retryAfterSeconds, failures), waking.signal);
      }
      while (document.hidden) {
        waking = new AbortController();
        await pause(60_000, waking.signal);
      }
    }
  }

  function delayMs(sale) {
    const usualMs = sale.state === 'open' || sale.state === 'rebuilding' ? openMs : quietMs;
    return usualMs * (0.75 + Math.random() / 2);
  }
}
