import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { generateSource } from 'oazapfts';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { get, post } from '../support/http.ts';
import { createRig, newOrder, type Rig, type RunningRole } from '../support/rig.ts';
import { placeOrder, readOrder } from './client.ts';

interface Media {
  readonly schema: object;
  readonly examples?: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
}

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let rig: Rig;
let gateway: RunningRole;
let document: Document;
let saleId: string;

beforeAll(async () => {
  rig = await createRig();
  gateway = await rig.gateway();
  document = (await get(`${gateway.url}/docs/json`)).body;
  saleId = await rig.sale([
    { sku: 'plenty', stock: 1_000 },
    { sku: 'none', stock: 0 },
  ]);
});
afterAll(() => rig?.close());

const ajv = new Ajv2020({ strict: false });
const isValid = (schema: object, value: unknown) => ajv.validate(schema, value) || ajv.errorsText();
const operations = () => Object.values(document.paths).flatMap((path) => Object.values(path));
const operation = (id: string) => operations().find(({ operationId }) => operationId === id)!;

describe('the OpenAPI document', () => {
  it('is the committed one', async () => {
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('../../docs/openapi.json');
  });

  it('shows an example of every request and every answer, each as its schema has it', () => {
    expect(operations().length).toBeGreaterThanOrEqual(9);
    for (const { operationId, requestBody, responses } of operations()) {
      expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
      const contents = [
        ...(requestBody ? [['request', requestBody] as const] : []),
        ...Object.entries(responses),
      ];
      expect(contents.length).toBeGreaterThan(0);
      for (const [of, { content = {} }] of contents) {
        expect(Object.keys(content).length > 0, `${operationId} ${of}`).toBe(of !== '204');
        for (const { schema, examples = {} } of Object.values(content)) {
          expect(Object.keys(examples), `${operationId} ${of}`).not.toEqual([]);
          for (const [name, { value }] of Object.entries(examples)) {
            expect(isValid(schema, value), `${operationId} ${of} ${name}`).toBe(true);
          }
        }
      }
    }
  });

  it('says what is really answered', async () => {
    const order = newOrder({ sku: 'plenty' });
    const ofOrder = `${gateway.url}/sales/${saleId}/orders/${order.transactionId}`;
    const early = await rig.sale([{ sku: 'plenty', stock: 1 }], { opensInMs: 60_000 });
    const answers = {
      placeOrder: [
        await post(gateway.url, saleId, order),
        await post(gateway.url, saleId, order),
        await post(gateway.url, saleId, { ...order, quantity: 2 }),
        await post(gateway.url, saleId, { ...order, quantity: 0 }),
        await post(gateway.url, saleId, newOrder({ sku: 'none' })),
        await post(gateway.url, saleId, newOrder({ sku: 'unknown' })),
        await post(gateway.url, saleId, 'x'.repeat(10_000)),
        await post(gateway.url, saleId, 'x', { 'content-type': 'text/plain' }),
        await post(gateway.url, early, newOrder({ sku: 'plenty' })),
      ],
      readOrder: [await get(ofOrder), await get(`${ofOrder}x`), await get(`${ofOrder}!`)],
      listSales: [await get(`${gateway.url}/sales`)],
      readSale: [await get(`${gateway.url}/sales/${saleId}`), await get(`${gateway.url}/sales/none`)],
      readRanking: [await get(`${gateway.url}/sales/${saleId}/ranking`)],
      isAlive: [await get(`${gateway.url}/livez`)],
      isReady: [await get(`${gateway.url}/readyz`)],
      explainProblem: [
        await get(`${gateway.url}/problems/sold-out`),
        await get(`${gateway.url}/problems/no`),
      ],
    };
    expect(answers.placeOrder.map(({ status }) => status)).toEqual([
      202, 202, 422, 400, 409, 404, 413, 415, 403,
    ]);
    for (const [id, list] of Object.entries(answers)) {
      for (const { status, headers, body } of list) {
        const type = headers.get('content-type')!.split(';')[0]!;
        const said = operation(id).responses[status]?.content?.[type];
        expect(said, `${id} ${status} ${type}`).toBeDefined();
        expect(isValid(said!.schema, body), `${id} ${status}`).toBe(true);
      }
    }
  });

  it('is what the typed client is made from', async () => {
    const file = join(inject('servicesDir'), 'openapi.json');
    writeFileSync(file, JSON.stringify(document));
    const source = await generateSource(file, { argumentStyle: 'object' });
    // What is generated is not as strict as what is written here; its types are as good.
    await expect(`// @ts-nocheck\n${source}`).toMatchFileSnapshot('client.ts');
  });

  it('serves the typed client', async () => {
    const opts = { baseUrl: gateway.url };
    const body = newOrder({ sku: 'plenty' });
    const placed = await placeOrder({ saleId, body }, opts);
    if (placed.status !== 202) throw new Error(`the order was answered ${placed.status}`);
    expect(placed.data.position).toBeGreaterThanOrEqual(1);
    const { transactionId } = placed.data;
    expect(await readOrder({ saleId, transactionId }, opts)).toMatchObject({
      status: 200,
      data: { sku: 'plenty', quantity: 1 },
    });
    const refused = await placeOrder({ saleId, body: { ...body, quantity: 7 } }, opts);
    expect(refused).toMatchObject({ status: 422, data: { type: '/problems/transaction-id-reused' } });
  });
});
