import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listSettings } from './describe.ts';
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

it('the shop’s currency is one that there is', () => {
  expect(readConfig({ SHOP_CURRENCY: 'VND' }).SHOP_CURRENCY).toBe('VND');
  for (const code of ['vnd', 'XXQ', 'euro']) {
    expect(faultsOf({ SHOP_CURRENCY: code })).toEqual([expect.stringMatching(/^SHOP_CURRENCY /)]);
  }
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

describe('authentication', () => {
  const pemOf = (type: 'rsa' | 'ec', bits = 2_048) =>
    (type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: bits })
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    ).publicKey
      .export({ type: 'spki', format: 'pem' })
      .toString();
  const rsa = pemOf('rsa');
  const secret = Buffer.alloc(32, 1).toString('base64');
  const jwt = { AUTH: 'jwt', JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'sluice' };

  it('needs issuer, audience and one source of keys, and says so at once, beside other faults', () => {
    const faults = faultsOf({ AUTH: 'jwt', PORT: 'x' });
    expect(faults.map((fault) => /^\w+/.exec(fault)![0]).sort()).toEqual([
      'JWT_AUDIENCE',
      'JWT_ISSUER',
      'JWT_JWKS_URL',
      'PORT',
    ]);
    expect(faultsOf({ ...jwt, JWT_KEY: rsa, JWT_JWKS_URL: 'https://issuer.example/keys' })).toEqual([
      expect.stringContaining('only one of them'),
    ]);
  });

  it('takes a key set, a public key on one line or several, or a shared secret', () => {
    expect(faultsOf({ ...jwt, JWT_KEY: rsa })).toEqual([]);
    expect(faultsOf({ ...jwt, JWT_KEY: rsa.replaceAll('\n', '\\n') })).toEqual([]);
    expect(faultsOf({ ...jwt, JWT_KEY: pemOf('ec'), JWT_ALGORITHMS: 'ES256' })).toEqual([]);
    expect(faultsOf({ ...jwt, JWT_KEY: secret, JWT_ALGORITHMS: 'HS256' })).toEqual([]);
    for (const url of ['https://issuer.example/keys', 'http://127.0.0.1:1/keys', 'http://[::1]:1/keys']) {
      expect(faultsOf({ ...jwt, JWT_JWKS_URL: url, JWT_ALGORITHMS: 'RS256, ES256' }), url).toEqual([]);
    }
  });

  it('refuses algorithms that do not suit the key, and keys that are too weak', () => {
    const cases: [Record<string, string>, RegExp][] = [
      [{ JWT_KEY: rsa, JWT_ALGORITHMS: 'none' }, /must be some of/],
      [{ JWT_KEY: rsa, JWT_ALGORITHMS: ',' }, /must be some of/],
      [{ JWT_KEY: rsa, JWT_ALGORITHMS: 'RS256,HS256' }, /HS256 needs a shared secret/],
      [{ JWT_KEY: rsa, JWT_ALGORITHMS: 'RS256,ES256' }, /ES256 needs a key on the curve/],
      [{ JWT_KEY: pemOf('ec') }, /RS256 needs an RSA key/],
      [{ JWT_KEY: pemOf('rsa', 1_024) }, /at least 2048 bits/],
      [{ JWT_KEY: secret }, /RS256 needs a PEM public key/],
      [{ JWT_KEY: secret, JWT_ALGORITHMS: 'HS512' }, /at least 64 bytes/],
      [{ JWT_KEY: 'not base64!' }, /^JWT_KEY is neither/],
      [{ JWT_KEY: '-----BEGIN PUBLIC KEY-----\nxx' }, /^JWT_KEY is no readable/],
      [{ JWT_KEY: '-----BEGIN PRIVATE KEY-----\nxx' }, /^JWT_KEY must be a public key/],
      [{ JWT_JWKS_URL: 'https://i.example/k', JWT_ALGORITHMS: 'HS256' }, /JWT_JWKS_URL gives public keys/],
      [{ JWT_JWKS_URL: 'http://i.example/k' }, /must be https/],
      [{ JWT_JWKS_URL: 'https://me:hunter2@i.example/k' }, /must not carry/],
    ];
    for (const [environment, about] of cases) {
      const faults = faultsOf({ ...jwt, ...environment });
      expect(faults).toEqual([expect.stringMatching(about)]);
      expect(faults[0]).not.toContain('hunter2');
    }
  });

  it('refuses settings that look as if tokens were checked while they are not', () => {
    const { AUTH: _, ...rest } = jwt;
    expect(faultsOf({ ...rest, JWT_KEY: rsa })).toHaveLength(3);
  });
});

it('the print-out has every setting with its source, and no secret', () => {
  const listed = listSettings({ ...urls, PORT: '81' });
  expect(listed.map((one) => one.name)).toEqual(Object.keys(settings));
  const of = (name: string) => listed.find((one) => one.name === name);
  expect(of('PORT')).toEqual({ name: 'PORT', value: '81', source: 'environment' });
  expect(of('GATEWAYS')).toEqual({ name: 'GATEWAYS', value: '1', source: 'default' });
  expect(of('ADMIN_TOKEN')).toEqual({ name: 'ADMIN_TOKEN', source: 'unset' });
  expect(of('DATABASE_URL')).toEqual({ name: 'DATABASE_URL', value: '***', source: 'environment' });
  expect(JSON.stringify(listed)).not.toContain('hidden');
  expect(() => listSettings({ PORT: 'x' })).toThrow(ConfigError);
});

it('whatever holds a password, key or token is a secret', () => {
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    if (/TOKEN|KEY|PASSWORD|SECRET|^(DATABASE|AMQP|REDIS|SMTP).*URL$/.test(name)) {
      expect(setting.secret, name).toBe(true);
    }
  }
});
