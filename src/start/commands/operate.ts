import type { Operations } from '../operations.ts';

/** Does a piece of work on the running instance; the stages are loaded only now. */
export async function operate(work: (operations: Operations) => Promise<void>): Promise<void> {
  const { withOperations } = await import('../operations.ts');
  await withOperations(work);
}
