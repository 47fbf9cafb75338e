import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { eventOf, type OrderEvent } from '../../../order/events.ts';
import { ConfigError, readConfig } from '../../../platform/config/read.ts';
import { readWebhookTargets } from '../../../platform/config/webhook-targets.ts';
import { createLogger } from '../../../platform/logger.ts';
import { redactSecrets } from '../../../platform/redact.ts';
import type { EffectOutcome } from '../../follower.ts';
import { createWebhook } from './follower.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Got {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** One of the shop's systems, which keeps what it gets. */
async function system(answer: (request: IncomingMessage, response: ServerResponse, got: Got[]) => void) {
  const got: Got[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    got.push({ headers: request.headers as Record<string, string>, body });
    answer(request, response, got);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?shop=1` };
}

function postTo(url: string, options: Partial<Parameters<typeof createWebhook>[0]> = {}) {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  let gone = 0;
  const { effect } = createWebhook({
    target: { name: 'shop', url, secret },
    timeoutMs: 20_000,
    concurrency: 5,
    onGone: () => {
      gone += 1;
    },
    ...options,
  });
  if (effect.within !== 'outside') throw new Error('it writes to the ledger');
  const context = { logger: createLogger('test', 'info', sink), signal: new AbortController().signal };
  return {
    lines,
    gone: () => gone,
    send: async (events: readonly OrderEvent[]) => (await effect.apply(events, context)).map(wordFor),
  };
}

const wordFor = (outcome: EffectOutcome) =>
  outcome === 'done' ? outcome : `${outcome.code}: ${outcome.message}`;

function event(at: number): OrderEvent {
  return eventOf({
    order: {
      saleId: 'summer',
      transactionId: `transaction-${at}`,
      sku: 'ball',
      quantity: 1,
      customerId: 'zoe',
      sequence: at,
      claimedAtMs: Date.now(),
    },
    status: at % 2 === 0 ? 'rejected' : 'confirmed',
    ...(at % 2 === 0 ? { reason: 'sold-out' as const } : {}),
    settledAtMs: Date.now(),
  });
}

const ok = (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(204).end();

describe('a webhook', () => {
  it('posts each event, signed so that the usual library takes it, and a forger’s does not pass', async () => {
    const { url, got } = await system(ok);
    const events = [event(1), event(2)];
    expect(await postTo(url).send(events)).toEqual(['done', 'done']);
    expect(got).toHaveLength(2);
    for (const { headers, body } of got) {
      const verified = new Webhook(secret).verify(body, headers) as OrderEvent;
      expect(events).toContainEqual(verified);
      expect(headers['webhook-id']).toBe(verified.id);
      expect(headers['content-type']).toBe('application/cloudevents+json');
      expect(() => new Webhook(secret).verify(body.replace('zoe', 'eve'), headers)).toThrow();
      const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
      expect(() => new Webhook(other).verify(body, headers)).toThrow();
    }
  });

  it('takes the user and the password of its URL to the target, and shows them nowhere', async () => {
    const { url, got } = await system((_request, response) => void response.writeHead(410).end());
    const withUser = url.replace('//', '//sh%40p:p%23w%3A%C3%A9@');
    const [target] = readWebhookTargets(`shop=${withUser}#${secret}`, () => undefined);
    const { send, lines } = postTo(url, { target: target! });
    const outcomes = await send([event(1)]);
    const authorization = `Basic ${Buffer.from('sh@p:p#w:é').toString('base64')}`;
    expect(got.map(({ headers }) => headers.authorization)).toEqual([authorization]);
    expect(target!.url).toBe(url);
    expect([...outcomes, ...lines].join()).not.toMatch(/p%23w|p#w/);

    const nobody = readWebhookTargets(`shop=http://me:hunter2@127.0.0.1:1/#${secret}`, () => undefined)[0]!;
    const [unanswered] = await postTo(url, { target: nobody }).send([event(1)]);
    expect(unanswered).toBe('effect-failed: shop: bad port');
  });

  it('sends no authorization where its URL has none', async () => {
    const { url, got } = await system(ok);
    await postTo(url).send([event(1)]);
    expect(got[0]!.headers).not.toHaveProperty('authorization');
  });

  it('keeps the ID of an event that is sent again', async () => {
    const { url, got } = await system(ok);
    const { send } = postTo(url);
    await send([event(1)]);
    await send([event(1)]);
    expect(got[0]!.headers['webhook-id']).toBe(got[1]!.headers['webhook-id']);
  });

  it.each([
    [
      '500',
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(500).end(),
      'answered 500',
    ],
    [
      '400',
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(400).end(),
      'answered 400',
    ],
    [
      'a redirect, which is not followed',
      (_: IncomingMessage, response: ServerResponse) =>
        void response.writeHead(302, { location: '/elsewhere' }).end(),
      'answered 302',
    ],
    ['a cut connection', (request: IncomingMessage) => void request.socket.destroy(), 'UND_ERR_SOCKET'],
  ])('is to be sent again after %s', async (_what, answer, reason) => {
    const { url, got } = await system(answer);
    expect(await postTo(url).send([event(1)])).toEqual([expect.stringMatching(/^effect-failed: shop/)]);
    expect((await postTo(url).send([event(1)]))[0]).toContain(reason);
    expect(got).toHaveLength(2);
  });

  it('is to be sent again where nobody listens, or nobody answers in time', async () => {
    const { url } = await system(() => undefined);
    const late = await postTo(url, { timeoutMs: 100 }).send([event(1)]);
    expect(late).toEqual(['effect-failed: shop: no answer within 100 ms']);
    const nobody = await postTo('http://127.0.0.1:1/').send([event(1)]);
    expect(nobody[0]).toMatch(/^effect-failed: shop: /);
  });

  it('does not read an endless answer', async () => {
    const { url } = await system((_request, response) => {
      response.writeHead(200);
      const more = () => {
        while (response.write(Buffer.alloc(65_536))) if (response.destroyed) return;
        response.once('drain', more);
      };
      more();
    });
    expect(await postTo(url).send([event(1)])).toEqual(['done']);
  });

  it('is switched off by 410, once, reported, and posts nothing from then on', async () => {
    const { url, got } = await system((_request, response) => void response.writeHead(410).end());
    const { send, lines, gone } = postTo(url);
    expect(await send([event(1)])).toEqual(['neighbour-away: shop answered 410 and is switched off']);
    expect(await send([event(2), event(3)])).toEqual([
      expect.stringContaining('switched off'),
      expect.stringContaining('switched off'),
    ]);
    expect({ requests: got.length, gone: gone(), lines: lines.length }).toEqual({
      requests: 1,
      gone: 1,
      lines: 1,
    });
    expect(lines[0]).toContain('410');
    expect(lines[0]).not.toContain(secret);
  });
});

describe('webhook targets', () => {
  const faultsOf = (text: string) => {
    const faults: string[] = [];
    readWebhookTargets(text, (fault) => faults.push(fault));
    return faults.join('\n');
  };

  it('have a name, a URL and a secret each', () => {
    const faults: string[] = [];
    const text = ` shop=https://shop.example/a?b=c#${secret}\n erp=http://erp:8080#${secret} `;
    expect(readWebhookTargets(text, (fault) => faults.push(fault))).toEqual([
      { name: 'shop', url: 'https://shop.example/a?b=c', secret },
      { name: 'erp', url: 'http://erp:8080/', secret },
    ]);
    expect(faults).toEqual([]);
  });

  it('may have a user, a password or both in their URL', () => {
    const text = ['me:', ':hunter2', 'me:hunter2', '']
      .map((who, at) => `t${at}=https://${who}@shop.example/#${secret}`)
      .join(' ');
    const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;
    const targets = readWebhookTargets(text, (fault) => expect.fail(fault));
    expect(new Set(targets.map(({ url }) => url))).toEqual(new Set(['https://shop.example/']));
    expect(targets.map(({ authorization }) => authorization)).toEqual([
      basic('me:'),
      basic(':hunter2'),
      basic('me:hunter2'),
      undefined,
    ]);
  });

  it.each([
    ['https://shop.example', 'target 1 must be NAME=URL'],
    [`Shop=https://shop.example#${secret}`, 'target Shop must be NAME=URL'],
    [`shop=ftp://shop.example#${secret}`, 'target shop must have a URL'],
    [`shop=shop.example#${secret}`, 'target shop must have a URL'],
    ['shop=https://shop.example', 'target shop must end in #whsec_'],
    ['shop=https://shop.example#whsec_c2hvcnQ=', 'target shop must end in #whsec_'],
    ['shop=https://shop.example#whsec_not%base64', 'target shop must end in #whsec_'],
    [`shop=https://me:hunter2%@shop.example#${secret}`, 'target shop must have its user and password'],
    [`shop=https://m%3Ae:hunter2@shop.example#${secret}`, 'target shop must have its user and password'],
    [`https://me:hunter2@shop.example?a=b#${secret}`, 'target 1 must be NAME=URL'],
    [`a=https://a.example#${secret} a=https://b.example#${secret}`, 'target a is named twice'],
  ])('%j is refused, by name and without its secrets', (text, fault) => {
    expect(faultsOf(text)).toContain(fault);
    expect(faultsOf(text)).not.toContain(secret);
    expect(faultsOf(text)).not.toContain('hunter2');
    expect(() => readConfig({ WEBHOOK_TARGETS: text })).toThrow(ConfigError);
    expect(() => readConfig({ WEBHOOK_TARGETS: text })).toThrow(`WEBHOOK_TARGETS: ${fault}`);
  });

  it('keep their secrets out of every log line', () => {
    expect(redactSecrets(`shop=https://shop.example#${secret} and more`)).toBe(
      'shop=https://shop.example#whsec_*** and more',
    );
  });
});
