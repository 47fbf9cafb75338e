import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { headerOf, type MailServer, startMailServer } from '../../../../loadtest/follow-ons/mail-server.ts';
import { eventOf, type OrderEvent } from '../../../order/events.ts';
import { createLogger } from '../../../platform/logger.ts';
import type { EffectOutcome } from '../../follower.ts';
import { createMail } from './follower.ts';
import { loadMailTemplates } from './template.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function mailServer(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const server = await startMailServer(options);
  cleanUp.push(() => server.kill());
  return server;
}

/** The follower's effect on these events, with each outcome as `done` or its error's code. */
function mailTo(server: { url: string }, options: Partial<Parameters<typeof createMail>[0]> = {}) {
  const follower = createMail({
    smtpUrl: server.url,
    from: 'shop@example.com',
    to: '{{customerId}}',
    connections: 5,
    ...options,
  });
  cleanUp.push(() => follower.stop());
  const { effect } = follower;
  if (effect.within !== 'outside') throw new Error('it writes to the ledger');
  const context = { logger: createLogger('test', 'silent'), signal: new AbortController().signal };
  return async (events: readonly OrderEvent[]) => (await effect.apply(events, context)).map(wordFor);
}

const wordFor = (outcome: EffectOutcome) => (outcome === 'done' ? outcome : outcome.code);

let orders = 0;
function confirmed(customerId: string, more: object = {}): OrderEvent {
  orders += 1;
  return eventOf({
    order: {
      saleId: 'sum_mer.1',
      transactionId: `transaction-${orders}`,
      sku: 'console',
      quantity: 2,
      customerId,
      sequence: orders,
      claimedAtMs: Date.parse('2027-06-01T10:00:00.250Z'),
      ...more,
    },
    status: 'confirmed',
    settledAtMs: Date.parse('2027-06-01T10:00:01Z'),
  });
}

/** A folder with these templates, over the ones that come with Sluice. */
function templates(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mail-'));
  cleanUp.push(() => rmSync(folder, { recursive: true }));
  const all = {
    'confirmed.subject.txt': 'Order {{transactionId}}',
    'confirmed.txt': 'Hello {{ customerId }}',
    'confirmed.html': '<p title="{{customerId}}">{{sku}}</p>',
    ...files,
  };
  for (const [name, text] of Object.entries(all))
    if (text !== 'MISSING') writeFileSync(join(folder, name), text);
  return folder;
}

describe('a mail', () => {
  it('is HTML and text to the customer, with the ID of its event', async () => {
    const server = await mailServer();
    const event = confirmed('anna@example.com');
    expect(await mailTo(server)([event])).toEqual(['done']);
    const [mail] = server.mails;
    expect(mail).toMatchObject({ from: 'shop@example.com', to: ['anna@example.com'], eventId: event.id });
    const { source } = mail!;
    expect(headerOf(source, 'To')).toBe('anna@example.com');
    expect(headerOf(source, 'Subject')).toBe(`Your order ${event.subject} is confirmed`);
    expect(headerOf(source, 'Content-Type')).toContain('multipart/alternative');
    expect(source).toMatch(/^Content-Type: text\/plain/m);
    expect(source).toMatch(/^Content-Type: text\/html/m);
    expect(source).toContain('2027-06-01T10:00:00.250Z');
  });

  it('has the same Message-ID when it is sent again, and another for another event', async () => {
    const server = await mailServer();
    const send = mailTo(server);
    const event = confirmed('anna@example.com');
    await send([event]);
    await send([event, confirmed('anna@example.com')]);
    const ids = server.mails.map(({ source }) => headerOf(source, 'Message-ID'));
    expect(ids[0]).toBe(`<sum_mer.1.${event.subject}.confirmed@example.com>`);
    expect([...ids].sort()).toEqual([ids[0], ids[0], expect.not.stringMatching(`^${ids[0]}$`)].sort());
  });

  it('is made from the shop’s own templates, with values that can be no HTML', async () => {
    const server = await mailServer();
    const folder = templates({ 'confirmed.html': '<p title="{{customerId}}">{{quantity}} &lt;3</p>' });
    const send = mailTo(server, { templates: folder, to: 'all@{{customerId}}.example' });
    const render = loadMailTemplates(folder);
    const values = Object.fromEntries(
      Object.entries(confirmed('a').data).map(([name, value]) => [name, String(value)]),
    ) as Parameters<typeof render>[0];
    expect(render({ ...values, customerId: `"><img src='x'>&` })).toEqual({
      subject: expect.stringMatching(/^Order transaction-\d+$/),
      text: `Hello "><img src='x'>&`,
      html: '<p title="&quot;&gt;&lt;img src=&#39;x&#39;&gt;&amp;">2 &lt;3</p>',
    });
    expect(await send([confirmed('shop')])).toEqual(['done']);
    expect(server.mails[0]!.to).toEqual(['all@shop.example']);
    expect(server.mails[0]!.source).toContain('Hello shop');
  });

  it.each([
    'customer-1',
    'anna@example.com,bob@example.com',
    'anna@example.com>\r\nRCPT',
    '<anna@example.com>',
    '"a b"@example.com',
    'anna@example.com@example.org',
    'anna@-example.com',
    `${'a'.repeat(65)}@example.com`,
    '@example.com',
    'anna@',
  ])('goes to no one where the customer ID is %j', async (customerId) => {
    const server = await mailServer();
    expect(await mailTo(server)([confirmed(customerId)])).toEqual(['effect-refused']);
    expect(server.mails).toEqual([]);
  });
});

describe('a mail server', () => {
  it('gets several mails at once, over connections that are kept', async () => {
    const server = await mailServer({ thinkMs: 50 });
    const send = mailTo(server);
    const crowd = Array.from({ length: 10 }, (_, at) => confirmed(`c${at}@example.com`));
    for (let round = 0; round < 3; round++) expect(await send(crowd)).toEqual(crowd.map(() => 'done'));
    expect(server.mails).toHaveLength(30);
    expect({ mostAtOnce: server.mostAtOnce, connections: server.connections }).toEqual({
      mostAtOnce: 5,
      connections: 5,
    });
  });

  it('that refuses a recipient for good, or for now, says so for that mail alone', async () => {
    const server = await mailServer({
      refuse: (to) =>
        ({
          'gone@example.com': { code: 550, text: 'no such user' },
          'grey@example.com': { code: 451, text: 'come back later' },
        })[to],
    });
    const outcomes = await mailTo(server)(
      ['anna@example.com', 'gone@example.com', 'grey@example.com', 'bob@example.com'].map((to) =>
        confirmed(to),
      ),
    );
    expect(outcomes).toEqual(['done', 'effect-refused', 'effect-failed', 'done']);
    expect(server.mails.map(({ to }) => to[0]).sort()).toEqual(['anna@example.com', 'bob@example.com']);
  });

  it('that is dead holds all mails, and gets each once when it is back', async () => {
    const server = await mailServer();
    const send = mailTo(server);
    const events = [confirmed('anna@example.com'), confirmed('bob@example.com')];
    await server.kill();
    expect(await send(events)).toEqual(['neighbour-away', 'neighbour-away']);
    await server.restart();
    expect(await send(events)).toEqual(['done', 'done']);
    expect(server.mails.map(({ eventId }) => eventId).sort()).toEqual(events.map(({ id }) => id).sort());
  });

  it('that asks for a login we do not have is away: no mail is to blame', async () => {
    const { SMTPServer } = await import('smtp-server');
    const strict = new SMTPServer({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true, logger: false });
    strict.listen(0, '127.0.0.1');
    await new Promise((resolve) => strict.server.once('listening', resolve));
    cleanUp.push(() => new Promise<void>((resolve) => strict.close(() => resolve())));
    const { port } = strict.server.address() as { port: number };
    const event = confirmed('anna@example.com');
    expect(await mailTo({ url: `smtp://127.0.0.1:${port}` })([event])).toEqual(['neighbour-away']);
    expect(await mailTo({ url: `smtp://me:wrong@127.0.0.1:${port}` })([event])).toEqual(['neighbour-away']);
  });

  it('that hangs up on one mail only is not away: that mail waits, the others go', async () => {
    const server = await mailServer({ thinkMs: 20, hangUp: (to) => to === 'poison@example.com' });
    const crowd = ['poison', 'a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) =>
      confirmed(`${name}@example.com`),
    );
    expect(await mailTo(server)(crowd)).toEqual(['effect-failed', ...crowd.slice(1).map(() => 'done')]);
  });
});

describe('templates are refused, by name', () => {
  it.each([
    ['missing', { 'confirmed.txt': 'MISSING' }, /confirmed\.txt: it is missing/],
    ['empty', { 'confirmed.html': ' \n' }, /confirmed\.html: it is empty/],
    [
      'an unknown field',
      { 'confirmed.txt': 'Dear {{firstName}}' },
      /confirmed\.txt: \{\{firstName\}\} is unknown/,
    ],
    [
      'an open brace',
      { 'confirmed.subject.txt': 'Order {{transactionId' },
      /subject\.txt: it has \{\{ or \}\}/,
    ],
    ['a closing brace', { 'confirmed.html': '{{sku}} }}' }, /confirmed\.html: it has \{\{ or \}\}/],
  ])('%s', (_what, files, fault) => {
    const folder = templates(files as Record<string, string>);
    expect(() => loadMailTemplates(folder)).toThrow(fault);
  });

  it('all faults at once', () => {
    const folder = templates({ 'confirmed.txt': 'MISSING', 'confirmed.html': '{{nobody}}' });
    expect(() => loadMailTemplates(folder)).toThrow(/2 fault\(s\)/);
    expect(() => loadMailTemplates('/nowhere/at/all')).toThrow(/3 fault\(s\)/);
  });
});
