const answerMs = 12_000;
/** The gateway says something at least every 15 s; a stream that is silent for longer is dead. */
const silenceMs = 40_000;

/**
 * The gateway as the page talks to it. No call rejects: what came of it is the result, one of
 * `{ order }`, `{ problem, detail, retryAfterSeconds }` and, where nothing came back, `{ away: true }`.
 *
 * @param {{ saleId: string, token: () => string | undefined }} options
 */
export function createGateway({ saleId, token }) {
  const sale = `/sales/${encodeURIComponent(saleId)}`;

  function headers(more = {}) {
    const bearer = token();
    return bearer === undefined ? more : { ...more, authorization: `Bearer ${bearer}` };
  }

  async function call(path, init = {}) {
    try {
      const response = await fetch(path, {
        ...init,
        headers: headers(init.headers),
        cache: 'no-store',
        signal: AbortSignal.timeout(answerMs),
      });
      return response.ok ? { order: await response.json() } : await problemOf(response);
    } catch {
      return { away: true };
    }
  }

  return {
    /** Places the order, or asks what became of it: with the same transaction ID that is one and the same. */
    place: ({ transactionId, sku, quantity, customerId }) =>
      call(`${sale}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ transactionId, sku, quantity, ...(customerId ? { customerId } : {}) }),
      }),
    status: (transactionId) => call(`${sale}/orders/${transactionId}`),
    /** The sale as it is now: `{ order }` holds it. */
    sale: () => call(sale),

    /**
     * Calls `onOrder` with each state of the order as it is pushed. Resolves when the stream ends: `{ ended: true }`,
     * a problem, or `{ away: true }`.
     */
    async follow(transactionId, onOrder, signal) {
      const ending = new AbortController();
      const end = () => ending.abort();
      signal.addEventListener('abort', end);
      let timer = setTimeout(end, silenceMs);
      try {
        const response = await fetch(`${sale}/orders/${transactionId}/events`, {
          headers: headers({ accept: 'text/event-stream' }),
          cache: 'no-store',
          signal: ending.signal,
        });
        if (!response.ok) return await problemOf(response);
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let text = '';
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return { ended: true };
          clearTimeout(timer);
          timer = setTimeout(end, silenceMs);
          const events = (text + value).split('\n\n');
          text = events.pop();
          for (const event of events) {
            const data = event.split('\n').find((line) => line.startsWith('data: '));
            if (data) onOrder(JSON.parse(data.slice(6)));
          }
        }
      } catch {
        return { away: true };
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
      }
    },
  };
}

async function problemOf(response) {
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterSeconds = after >= 0 ? after : undefined;
  const body = await response.json().catch(() => undefined);
  const problem = /^\/problems\/([a-z-]+)$/.exec(body?.type)?.[1];
  if (problem) return { problem, detail: body.detail, retryAfterSeconds };
  // Not one of the gateway's own answers: a proxy speaks for a gateway that it can't reach.
  return { away: true, retryAfterSeconds };
}
