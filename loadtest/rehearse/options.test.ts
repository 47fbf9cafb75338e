import { expect, it } from 'vitest';
import { positiveNumber } from '../../src/start/commands/arguments.ts';
import { faults } from './faults/index.ts';
import { settle } from './options.ts';

const given = {
  DATABASE_URL: 'postgresql://shop@db/shop',
  AMQP_URL: 'amqp://user:secret@broker:5672/shop',
  REDIS_URL: 'redis://cache',
};

it('services that the environment names are refused until they are meant', () => {
  expect(() => settle({}, faults, given)).toThrow(/DATABASE_URL, AMQP_URL, REDIS_URL may name a shop's own/);
  expect(() => settle({}, faults, { REDIS_URL: 'redis://cache' })).toThrow(/--on-these-services/);
  expect(settle({ onTheseServices: true }, faults, given).given).toMatchObject({
    databaseUrl: given.DATABASE_URL,
    amqpManagementUrl: 'http://user:secret@broker:15672/',
  });
});

it('services that are meant have to be named', () => {
  expect(() => settle({ onTheseServices: true }, faults, {})).toThrow(
    /set DATABASE_URL, AMQP_URL and REDIS_URL/,
  );
  expect(() => settle({ onTheseServices: true }, faults, { ...given, AMQP_URL: '' })).toThrow(
    /needs them named/,
  );
});

it('nothing named: private services, every fault once, two of each role', () => {
  expect(settle({}, faults, {})).toMatchObject({
    given: undefined,
    faults,
    length: { rounds: 1 },
    gateways: 2,
    drainers: 2,
    boundsJudged: true,
  });
});

it('an unknown fault lists those known', () => {
  const wrong = () => settle({ faults: 'kill-redis,kill-rediss' }, faults, {});
  expect(wrong).toThrow(/no fault "kill-rediss".*kill-gateway.*kill-redis, /s);
});

it('faults of the servers themselves are not for services that were given', () => {
  const chosen = settle({ onTheseServices: true }, faults, given).faults;
  expect(chosen.some(({ needsPrivateServices }) => needsPrivateServices)).toBe(false);
  expect(chosen.length).toBeGreaterThan(3);
  const wrong = () => settle({ onTheseServices: true, faults: 'kill-redis' }, faults, given);
  expect(wrong).toThrow(/private services only/);
});

it('names of faults are unique, and every fault says what it does', () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  for (const { name, summary, strikes } of faults) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(summary).not.toBe('');
    expect(strikes).toBeGreaterThan(0);
  }
});

it('a part of the full count needs the full count, and rounds of its own are refused', () => {
  expect(settle({ full: true, share: 0.1 }, faults, {})).toMatchObject({
    full: true,
    length: { share: 0.1 },
  });
  expect(() => settle({ share: 0.1 }, faults, {})).toThrow(/add --full/);
  expect(() => settle({ full: true, rounds: 2 }, faults, {})).toThrow(/--share/);
});

it('every seed that is drawn can be given back with --seed', () => {
  for (let draw = 0; draw < 100; draw++) {
    const { seed } = settle({}, faults, {});
    expect(positiveNumber(String(seed))).toBe(seed);
  }
});
