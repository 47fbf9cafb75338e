import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOAD_SKU, PLENTY, WARMUP_SKU } from '../settings.ts';
import { mustRunSluice, runSluice, type SluiceCommand } from './sluice-command.ts';

export interface LoadSale {
  readonly saleId: string;
  readonly stock: number;
  readonly customerLimit?: number | undefined;
}

const OPEN_FOR_MS = 24 * 3_600_000;

/**
 * Opens a sale of its own for a run, with one SKU under load and one for the warm-up.
 * @throws {SluiceCommandError}
 */
export async function openLoadSale(command: SluiceCommand, sale: LoadSale): Promise<void> {
  const { saleId, stock, customerLimit } = sale;
  const folder = await mkdtemp(join(tmpdir(), 'sluice-sale-'));
  try {
    const file = join(folder, 'sale.json');
    const now = Date.now();
    const content = {
      saleId,
      opensAt: new Date(now - 60_000).toISOString(),
      closesAt: new Date(now + OPEN_FOR_MS).toISOString(),
      items: [
        { sku: WARMUP_SKU, name: 'Warm-up', priceMinor: 100, stock: PLENTY },
        { sku: LOAD_SKU, name: 'Load', priceMinor: 100, stock, ...(customerLimit ? { customerLimit } : {}) },
      ],
    };
    await writeFile(file, JSON.stringify(content, null, 2));
    await mustRunSluice(command, ['sale', 'apply', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts the sale away, open as it still is. What could not be done is said, not thrown: the run is over. */
export async function archiveLoadSale(
  command: SluiceCommand,
  saleId: string,
  say: (line: string) => void,
): Promise<void> {
  const { exitCode, stderr } = await runSluice(command, ['sale', 'archive', saleId, '--force']);
  if (exitCode !== 0)
    say(`The sale ${saleId} was left as it is: ${stderr.trim().split('\n').at(-1) ?? exitCode}`);
}
