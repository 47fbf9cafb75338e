import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { orderLimits } from '../order/order.ts';
import type { Sale } from '../order/sale.ts';

/** All that is wrong with a sale file. */
export class SaleFileError extends Error {
  override readonly name = 'SaleFileError';
  readonly code = 'sale-file-invalid';
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[]) {
    super(`${file} is not a sale:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

interface SaleDocument {
  saleId: string;
  opensAt: string;
  closesAt: string;
  items: { sku: string; name: string; priceMinor: number; stock: number; customerLimit?: number }[];
}

/** Postgres' integer; more pieces of one SKU than that are not sold. */
const maxPieces = 2_147_483_647;

const schema = {
  type: 'object',
  required: ['saleId', 'opensAt', 'closesAt', 'items'],
  additionalProperties: false,
  properties: {
    saleId: { type: 'string', pattern: orderLimits.saleIdPattern },
    opensAt: { type: 'string', format: 'date-time' },
    closesAt: { type: 'string', format: 'date-time' },
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 10_000,
      items: {
        type: 'object',
        required: ['sku', 'name', 'priceMinor', 'stock'],
        additionalProperties: false,
        properties: {
          sku: { type: 'string', pattern: orderLimits.skuPattern },
          name: { type: 'string', minLength: 1, maxLength: 200 },
          priceMinor: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
          stock: { type: 'integer', minimum: 0, maximum: maxPieces },
          customerLimit: { type: 'integer', minimum: 1, maximum: maxPieces },
        },
      },
    },
  },
} as const;

/**
 * @param file `-` is standard input
 * @throws SaleFileError naming every fault; an `Error` of the file system where it can't be read.
 */
export async function readSaleFile(file: string, standardInput: Readable = process.stdin): Promise<Sale> {
  if (file === '-') return parseSale(await text(standardInput), 'standard input');
  return parseSale(await readFile(file, 'utf8'), file);
}

/** A sale from JSON or YAML (of which JSON is a part). */
export function parseSale(source: string, file: string): Sale {
  let document: unknown;
  try {
    document = parse(source);
  } catch (error) {
    throw new SaleFileError(file, [(error as Error).message]);
  }
  return saleOf(document, file);
}

/**
 * A sale from a document that is read already.
 *
 * @param name what the document is called
 * @throws SaleFileError naming every fault
 */
export function saleOf(document: unknown, name: string): Sale {
  const validate = addFormats.default(new Ajv({ allErrors: true })).compile<SaleDocument>(schema);
  if (!validate(document)) {
    throw new SaleFileError(
      name,
      (validate.errors ?? []).map(({ instancePath, message, params }) => {
        const extra = params.additionalProperty ? ` (${JSON.stringify(params.additionalProperty)})` : '';
        return `${instancePath.slice(1).replaceAll('/', '.') || 'the sale'} ${message}${extra}`;
      }),
    );
  }
  const sale: Sale = {
    saleId: document.saleId,
    opensAtMs: Date.parse(document.opensAt),
    closesAtMs: Date.parse(document.closesAt),
    items: document.items,
  };
  const faults = crossFaults(sale);
  if (faults.length > 0) throw new SaleFileError(name, faults);
  return sale;
}

function crossFaults(sale: Sale): string[] {
  const faults: string[] = [];
  if (sale.closesAtMs <= sale.opensAtMs) faults.push('closesAt must be later than opensAt');
  const skus = sale.items.map((item) => item.sku);
  for (const sku of new Set(skus.filter((s, i) => skus.indexOf(s) !== i)))
    faults.push(`SKU ${sku} is there twice`);
  return faults;
}
