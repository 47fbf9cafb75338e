import { openLoadSale } from '../../instance/load-sale.ts';
import { mustRunSluice } from '../../instance/sluice-command.ts';
import { PLENTY } from '../../settings.ts';
import type { Arena } from '../arena.ts';

/** Opens a sale of its own for one turn, and puts it away behind it. */
export async function withSale<T>(
  arena: Arena,
  name: string,
  { stock = PLENTY }: { stock?: number },
  work: (saleId: string) => Promise<T>,
): Promise<T> {
  const saleId = `bench-${name}-${Date.now()}`;
  await openLoadSale(arena.command, { saleId, stock });
  const result = await work(saleId);
  await mustRunSluice(arena.command, ['sale', 'archive', saleId, '--force']);
  return result;
}
