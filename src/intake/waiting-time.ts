/** Seconds until an order at this position is settled, or `undefined` while draining is paused or unknown. */
export function etaSeconds(options: {
  /** The order's place in its sale, at least 1. */
  position: number;
  /** Orders of other sales that share the queue. */
  waitingBeside: number;
  capOrdersPerSecond: number | undefined;
}): number | undefined {
  const { position, waitingBeside, capOrdersPerSecond } = options;
  if (!capOrdersPerSecond) return undefined;
  return Math.ceil((position + waitingBeside) / capOrdersPerSecond);
}

/** When to ask again: half of the wait, from 1 to 30 seconds, so that the back of a long line asks seldom. */
export function pollAfterSeconds(eta: number | undefined): number {
  if (eta === undefined) return 30;
  return Math.min(30, Math.max(1, Math.ceil(eta / 2)));
}

/** 1 to 5 seconds at random, so that those who were refused together do not come back together. */
export function retryAfterSeconds(random: () => number = Math.random): number {
  return 1 + Math.floor(random() * 5);
}
