/** What is known of the envelopes that wait for the broker's confirm in this process, for replays to join. */
export interface UnderWay {
  /** From now on until it resolves, `confirmed` is what became of these orders. */
  add(saleId: string, transactionIds: readonly string[], confirmed: Promise<boolean>): void;
  /** Of the envelope that took the order along last. */
  confirmOf(saleId: string, transactionId: string): Promise<boolean> | undefined;
}

interface Envelope {
  readonly saleId: string;
  readonly transactionIds: readonly string[];
  readonly confirmed: Promise<boolean>;
}

/**
 * A list that is searched, because only a replay of an order that is not confirmed yet asks, and there are a handful of
 * envelopes. A map of the orders would keep the garbage collector busy: see docs/decisions/collecting.md.
 */
export function createUnderWay(): UnderWay {
  const envelopes: Envelope[] = [];
  return {
    add(saleId, transactionIds, confirmed) {
      const envelope = { saleId, transactionIds, confirmed };
      envelopes.push(envelope);
      void confirmed.then(() => envelopes.splice(envelopes.indexOf(envelope), 1));
    },
    confirmOf(saleId, transactionId) {
      return envelopes.findLast(
        (envelope) => envelope.saleId === saleId && envelope.transactionIds.includes(transactionId),
      )?.confirmed;
    },
  };
}
