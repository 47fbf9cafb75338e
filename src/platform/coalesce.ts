export interface CoalesceOptions {
  readonly maxBatch: number;
  readonly maxConcurrent: number;
  /**
   * Batches leave at least this long apart, unless `gatherItems` calls wait; 0 by default. A lone call never waits:
   * only one that follows a batch sooner than this does.
   */
  readonly gatherMs?: number;
  /** So many waiting calls leave at once. */
  readonly gatherItems?: number;
}

/**
 * Gathers calls into batches: those made within one turn of the event loop, those made while `maxConcurrent`
 * batches are under way, and those that follow a batch within `gatherMs` go together.
 *
 * @param run gets 1 to `maxBatch` items and resolves with one result per item, in their order. When it rejects,
 *   every call of the batch rejects with the same error.
 */
export function coalesce<Item, Result>(
  run: (items: Item[]) => Promise<readonly Result[]>,
  { maxBatch, maxConcurrent, gatherMs = 0, gatherItems = 1 }: CoalesceOptions,
): (item: Item) => Promise<Result> {
  interface Call {
    item: Item;
    resolve(result: Result): void;
    reject(error: unknown): void;
  }
  let waiting: Call[] = [];
  let scheduled = false;
  let gathering = false;
  let underWay = 0;
  let leftAtMs = Number.NEGATIVE_INFINITY;

  function flush(): void {
    scheduled = false;
    while (waiting.length > 0 && underWay < maxConcurrent) {
      const nowMs = performance.now();
      const restMs = waiting.length < gatherItems ? leftAtMs + gatherMs - nowMs : 0;
      if (restMs > 0) {
        if (!gathering) setTimeout(gathered, restMs);
        gathering = true;
        return;
      }
      leftAtMs = nowMs;
      const batch = waiting.length <= maxBatch ? waiting : waiting.slice(0, maxBatch);
      waiting = batch === waiting ? [] : waiting.slice(maxBatch);
      underWay += 1;
      void execute(batch);
    }
  }

  function gathered(): void {
    gathering = false;
    flush();
  }

  async function execute(batch: Call[]): Promise<void> {
    try {
      const results = await run(batch.map((call) => call.item));
      for (let i = 0; i < batch.length; i++) batch[i]!.resolve(results[i]!);
    } catch (error) {
      for (const call of batch) call.reject(error);
    } finally {
      underWay -= 1;
      if (waiting.length > 0) schedule();
    }
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      schedule();
    });
}
