import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressSet, ConfigError, readConfig } from './read.ts';
import { type Setting, settings } from './settings.ts';

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const urls = {
  DATABASE_URL: 'postgres://user:hidden-a@localhost/shop',
  AMQP_URL: 'amqp://user:hidden-b@localhost',
  REDIS_URL: 'redis://:hidden-c@localhost',
};

it('an empty environment gives the defaults', () => {
  const config = readConfig({});
  expect(config.PORT).toBe(8080);
  expect(config.TRUST_PROXY).toEqual([]);
  expect(config.DATABASE_URL).toBeUndefined();
  expect(config.DRAIN_MAX_ORDERS_PER_SECOND).toBeUndefined();
  expect(config.isSet('PORT')).toBe(false);
});

it('an empty variable counts as unset', () => {
  const empty = Object.fromEntries(Object.keys(settings).map((name) => [name, '']));
  const config = readConfig(empty);
  expect({ ...config, isSet: undefined }).toEqual({ ...readConfig({}), isSet: undefined });
  expect(config.isSet('PORT')).toBe(false);
  expect(readConfig({ PORT: '8080' }).isSet('PORT')).toBe(true);
});

it('all faults are reported at once, each by the name of its variable', () => {
  const faults = faultsOf({
    PORT: '65536',
    GATEWAYS: '1.5',
    BATCH_MAX_AGE_MS: '-1',
    LOG_LEVEL: 'loud',
    REDIS_URL: 'http://localhost',
    TRUST_PROXY: '10.0.0.0/8,somewhere',
  });
  expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual([
    'BATCH_MAX_AGE_MS',
    'GATEWAYS',
    'LOG_LEVEL',
    'PORT',
    'REDIS_URL',
    'TRUST_PROXY',
  ]);
  expect(faults.find((fault) => fault.startsWith('PORT'))).toContain('0 to 65535');
});

it('a fault never shows a secret', () => {
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    if (setting.secret === undefined) continue;
    const text = setting.kind === 'url' ? 'nonsense://me:hunter2@host' : 'hunter2';
    const faults = faultsOf({ [name]: text });
    expect(faults, name).toHaveLength(1);
    expect(faults[0]).toContain(name);
    expect(faults[0]).not.toContain('hunter2');
  }
  // A cross-check speaks of them, too.
  expect(faultsOf({ DATABASE_URL: urls.DATABASE_URL }).join()).not.toContain('hidden');
});

it('whole numbers are taken in their range and refused outside of it', () => {
  const integers = Object.entries<Setting>(settings).filter(([, s]) => s.kind === 'integer');
  fc.assert(
    fc.property(fc.constantFrom(...integers), fc.integer(), ([name, { min = 0, max = 0 }], n) => {
      const refused = faultsOf({ [name]: String(n) }).some((fault) =>
        fault.startsWith(`${name} must be a whole`),
      );
      expect(refused).toBe(n < min || n > max);
    }),
  );
  for (const text of ['1e3', '0x10', ' 5', '5 ', '1_000', 'NaN', '+5']) {
    expect(faultsOf({ GATEWAYS: text }), JSON.stringify(text)).toHaveLength(1);
  }
});

it('one service URL alone is a fault, all three are none', () => {
  expect(faultsOf(urls)).toEqual([]);
  expect(faultsOf({ REDIS_URL: urls.REDIS_URL })[0]).toContain('DATABASE_URL and AMQP_URL must be set too');
});

it('settings that contradict one another are named together', () => {
  expect(faultsOf({ PREFETCH_ENVELOPES: '10', BATCH_MAX_ORDERS: '11' })[0]).toMatch(
    /^PREFETCH_ENVELOPES .*BATCH_MAX_ORDERS/,
  );
  expect(faultsOf({ PREFETCH_ENVELOPES: '11', BATCH_MAX_ORDERS: '11' })).toEqual([]);
  expect(faultsOf({ LEDGER_POOL_SIZE: '1' })[0]).toMatch(/^LEDGER_POOL_SIZE/);
  const stop = { BATCH_MAX_AGE_MS: '10', STATEMENT_TIMEOUT_MS: '3000' };
  expect(faultsOf({ ...stop, SHUTDOWN_DEADLINE_MS: '3010' })[0]).toMatch(/^SHUTDOWN_DEADLINE_MS/);
  expect(faultsOf({ ...stop, SHUTDOWN_DEADLINE_MS: '3011' })).toEqual([]);
  expect(faultsOf({ ADMIN_TOKEN: 'fifteen-letters' })[0]).toMatch(/^ADMIN_TOKEN/);
});

it('lists take addresses and CIDR ranges of both families only', () => {
  const given = readConfig({ TRUST_PROXY: ' 10.0.0.0/8, ::1 ,2001:db8::/32,' }).TRUST_PROXY;
  expect(given).toEqual(['10.0.0.0/8', '::1', '2001:db8::/32']);
  for (const bad of ['10.0.0.0/33', '::/129', '10.0.0', '10.0.0.0/', 'localhost', '10.0.0.0/-1']) {
    expect(faultsOf({ CLIENT_LIMIT_EXEMPT: bad }), bad).toHaveLength(1);
  }
});

it('an address set knows its addresses and ranges, also as mapped ones, and nothing else', () => {
  const has = addressSet(['127.0.0.0/8', '::1', '192.0.2.7']);
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '192.0.2.7', '::ffff:127.0.0.1']) {
    expect(has(address), address).toBe(true);
  }
  for (const address of ['128.0.0.1', '192.0.2.8', '::2', 'fe80::1%eth0']) {
    expect(has(address), address).toBe(false);
  }
});

it('what is not an address is in no address set', () => {
  const has = addressSet(['0.0.0.0/0', '::/0']);
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^[\d.]+$|:/.test(text));
      expect(has(text)).toBe(false);
    }),
  );
});
