/** How acknowledgements leave: with `multiple`, all delivery tags up to and including `tag`. */
export type SendAck = (tag: number, multiple: boolean) => void;

export interface Acknowledger {
  /** A delivery has arrived. Tags of a channel rise by one from `firstTag`. */
  delivered(tag: number): void;
  /** The delivery is dealt with; saying so again changes nothing. */
  done(tag: number): void;
  /** Acknowledges all that is done, also behind a gap, and retires: before the rest is given back. */
  flushAll(): void;
  /** From now on it acknowledges nothing: the channel is gone, or the rest was given back. */
  retire(): void;
  /** Delivered, and no acknowledgement sent. */
  unacknowledged(): number;
}

/**
 * Gathers the acknowledgements of one turn of the event loop into one frame, up to the last delivery before
 * which everything is done: `multiple` over a gap would acknowledge what is not. What is done behind a gap waits
 * for the gap to close.
 */
export function createAcknowledger(send: SendAck, firstTag = 1): Acknowledger {
  const done = new Set<number>();
  let acknowledged = firstTag - 1;
  let delivered = firstTag - 1;
  let scheduled = false;
  let retired = false;

  function flush(): void {
    scheduled = false;
    if (retired) return;
    const before = acknowledged;
    while (done.delete(acknowledged + 1)) acknowledged += 1;
    if (acknowledged > before) send(acknowledged, acknowledged > before + 1);
  }

  return {
    delivered(tag) {
      delivered = tag;
    },
    done(tag) {
      if (retired || tag <= acknowledged || tag > delivered || done.has(tag)) return;
      done.add(tag);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    },
    flushAll() {
      if (retired) return;
      flush();
      for (const tag of done) send(tag, false);
      retired = true;
      done.clear();
    },
    retire() {
      retired = true;
      done.clear();
    },
    unacknowledged: () => (retired ? 0 : delivered - acknowledged),
  };
}
