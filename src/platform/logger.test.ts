// biome-ignore-start lint/style/noRestrictedImports: it is about what the clients put into their errors.
import amqp from 'amqplib';
import { Redis } from 'ioredis';
import pg from 'pg';
// biome-ignore-end lint/style/noRestrictedImports: as above.
import { expect, inject, it } from 'vitest';
import '../../test/support/services.ts';
import { createStack } from '../../test/support/stack.ts';
import { createLogger } from './logger.ts';
import { redactSecrets } from './redact.ts';

function lines() {
  const written: string[] = [];
  const logger = createLogger('test', 'trace', { write: (line) => void written.push(line) });
  return { logger, written, last: () => JSON.parse(written.at(-1)!) };
}

const secret = 'hunter2-and-more';

it('what servers’ clients throw is logged without the passwords that connected them', async () => {
  const { logger, written, last } = lines();
  const stack = await createStack();
  try {
    const { host } = new URL(stack.redisUrl);
    const redis = new Redis(`redis://somebody:${secret}@${host}`, { retryStrategy: () => null });
    redis.on('error', (err) => logger.warn({ err }, 'redis'));
    await redis.ping().catch((err) => logger.warn({ err: new Error('wrapped', { cause: err }) }, 'redis'));
    const refused = await redis.call('AUTH', 'somebody', secret).catch((err: unknown) => err);
    logger.warn({ err: refused }, 'redis refused');
    logger.warn({ err: new Error('wrapped', { cause: refused }) }, 'redis refused');
    redis.disconnect();

    const away = `amqp://somebody:${secret}@${new URL(stack.amqpUrl).host}/nowhere`;
    logger.warn({ err: await amqp.connect(away).catch((err: unknown) => err) }, 'amqp');
    logger.warn(
      { err: await amqp.connect(`nonsense://me:${secret}@h`).catch((err: unknown) => err) },
      'amqp',
    );

    const database = Object.assign(new URL(inject('services').databaseUrl), {
      pathname: '/no_such_database',
    });
    database.username = 'no_such_user';
    database.password = secret;
    const client = new pg.Client({ connectionString: database.href });
    logger.warn({ err: await client.connect().catch((err: unknown) => err) }, 'pg');
    expect(last().err.message).toMatch(/./);
    expect(written.length).toBeGreaterThanOrEqual(6);
    expect(written.join('')).not.toContain(secret);
  } finally {
    await stack.close();
  }
});

it('a URL’s password, a token, and headers that carry them are blotted out wherever they stand', () => {
  const { logger, written } = lines();
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';
  const url = `postgres://shop:${secret}@db:5432/shop`;
  logger.info({ headers: { authorization: `Bearer ${token}`, cookie: `session=${secret}` } });
  logger.info({ req: { headers: { authorization: secret, 'set-cookie': secret } }, password: secret });
  logger.error({ err: new Error(`cannot reach ${url}`, { cause: new Error(`Bearer ${secret}`) }) });
  logger.warn(`trying ${url} with ${token}`);
  logger.warn({ target: { databaseUrl: url, adminToken: secret } });
  const text = written.join('');
  expect(text).not.toContain(secret);
  expect(text).not.toContain(token);
  expect(text).toContain('postgres://shop:***@db:5432/shop');
  for (const line of written) expect(() => JSON.parse(line)).not.toThrow();
});

it('what is no secret stays readable', () => {
  for (const text of [
    'http://localhost:8080/sales/demo/orders/abc',
    'redis://127.0.0.1:6379 is away',
    'mail to someone@example.com: done',
    'at file:///app/dist/src/cli.js:10:5',
    'postgres://user@host/db',
  ]) {
    expect(redactSecrets(text)).toBe(text);
  }
  expect(redactSecrets('amqp://a:p@ss@host and redis://:x@host')).toBe(
    'amqp://a:***@host and redis://:***@host',
  );
});
