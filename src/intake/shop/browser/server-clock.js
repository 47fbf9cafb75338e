/**
 * The server's time, reckoned from its answers: the one that came back fastest says most. The shopper's own clock
 * may be set as it likes; only its pace is trusted.
 */
export function createServerClock() {
  let offsetMs = 0;
  let uncertaintyMs = Number.POSITIVE_INFINITY;

  return {
    now: () => Date.now() + offsetMs,
    /** @param {{ serverMs: number, sentMs: number, receivedMs: number }} sample the last two by the shopper's clock */
    observe({ serverMs, sentMs, receivedMs }) {
      const roundTripMs = receivedMs - sentMs;
      // What was learnt a while ago counts for less: clocks are set, and laptops sleep.
      uncertaintyMs *= 1.5;
      if (!(roundTripMs >= 0) || roundTripMs > uncertaintyMs) return;
      uncertaintyMs = roundTripMs;
      offsetMs = serverMs + roundTripMs / 2 - receivedMs;
    },
  };
}
