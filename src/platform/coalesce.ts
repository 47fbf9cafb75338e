/**
 * Gathers calls into batches: those made within one turn of the event loop, and those made while
 * `maxConcurrent` batches are under way, go together. No timer: a lone call leaves in its own turn.
 *
 * @param run gets 1 to `maxBatch` items and resolves with one result per item, in their order. When it rejects,
 *   every call of the batch rejects with the same error.
 */
export function coalesce<Item, Result>(
  run: (items: Item[]) => Promise<readonly Result[]>,
  { maxBatch, maxConcurrent }: { maxBatch: number; maxConcurrent: number },
): (item: Item) => Promise<Result> {
  interface Call {
    item: Item;
    resolve(result: Result): void;
    reject(error: unknown): void;
  }
  let waiting: Call[] = [];
  let scheduled = false;
  let underWay = 0;

  function flush(): void {
    scheduled = false;
    while (waiting.length > 0 && underWay < maxConcurrent) {
      const batch = waiting.length <= maxBatch ? waiting : waiting.slice(0, maxBatch);
      waiting = batch === waiting ? [] : waiting.slice(maxBatch);
      underWay += 1;
      void execute(batch);
    }
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
