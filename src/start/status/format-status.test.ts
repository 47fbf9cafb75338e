import { describe, expect, it } from 'vitest';
import { createPaint } from '../terminal.ts';
import { formatStatus } from './format-status.ts';
import type { Status } from './look-out.ts';
import { statusLine } from './status-line.ts';

const plain = createPaint(false);

const calm: Status = {
  at: '2026-11-20T10:00:00.000Z',
  cap: { ordersPerSecond: 2_000, paused: false, reason: 'configured', burstOrders: 100 },
  waiting: 12_345,
  oldestAgeSeconds: 6.24,
  drainSeconds: 6.1725,
  queue: { ready: 3, unacknowledged: 2, deadLetters: 0 },
  sales: [
    {
      saleId: 'friday',
      opensAt: '2026-11-20T09:00:00.000Z',
      closesAt: '2026-11-20T18:00:00.000Z',
      items: [{ sku: 'lamp', stock: 2_000, stockLeft: 500, toClaim: 450, claimed: 50 }],
    },
  ],
  orders: { offered: 5_000, accepted: 4_987.4, replayed: 0, soldOut: 12, refused: 0, byOutcome: {} },
  drained: { perSecond: 1_980, byOutcome: {} },
  intakeSeconds: { p50: 0.0012, p95: 0.003, p99: 0.0061 },
  settleSeconds: { p50: 1, p95: 5, p99: 6 },
  dependencies: ['postgres', 'redis', 'rabbitmq'].map((name) => ({
    name,
    up: true,
    awayFrom: [],
    blocked: false,
  })),
  processes: [
    processOf('gateway', false),
    processOf('gateway', true),
    processOf('drainer', false),
    processOf('ops', false),
  ],
};

function processOf(role: string, isSilent: boolean) {
  return { id: role, role, name: role, upSeconds: 9, silentSeconds: 0, isSilent, ordersPerSecond: 0 };
}

const away: Status = {
  ...calm,
  cap: null,
  waiting: null,
  oldestAgeSeconds: null,
  drainSeconds: null,
  queue: null,
  sales: [],
  orders: null,
  drained: null,
  intakeSeconds: null,
  settleSeconds: null,
  dependencies: calm.dependencies.map((dependency) => ({ ...dependency, up: false })),
  processes: null,
};

/** The rows by their labels. */
function rows(history: readonly Status[], columns?: number): Record<string, string> {
  const lines = formatStatus(history, plain, columns).filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.slice(0, 14).trim(), line.slice(14)]));
}

describe('the status table', () => {
  it('names what operators steer by', () => {
    expect(rows([calm])).toMatchObject({
      cap: '2,000 orders/s (configured)',
      waiting: '12,345 orders',
      oldest: '6.2 s',
      'time to drain': '7 s',
      accepted: '4,987/s',
      drained: '1,980/s, 99 % of the cap',
      'sold out': '12/s',
      refused: '0/s',
      'dead letters': '0',
      dependencies: 'PostgreSQL up, Redis up, RabbitMQ up',
      roles: '1 drainer, 2 gateway (1 silent), 1 ops',
      answered: 'half within 1.2 ms, 99 of 100 within 6.1 ms',
    });
    expect(formatStatus([calm], plain).join('\n')).toMatch(
      /sale friday {2}open until 2026-11-20T18:00:00.000Z\n {2}lamp {2}███░+ {2}500 of 2,000 left; 450 to claim, 50 claimed/,
    );
  });

  it('says unknown for what could not be read, and which server is away, rather than an old number or 0', () => {
    const shown = rows([calm, away]);
    for (const label of [
      'cap',
      'waiting',
      'oldest',
      'time to drain',
      'accepted',
      'drained',
      'queue',
      'dead letters',
    ])
      expect(shown[label]).toMatch(/^unknown/);
    expect(shown.dependencies).toBe('PostgreSQL AWAY, Redis AWAY, RabbitMQ AWAY');
    expect(formatStatus([calm, away], plain).join('\n')).not.toMatch(/12,345|4,987|1,980/);
  });

  it('says from which process a server is away, and when RabbitMQ blocks', () => {
    const [postgres, redis, rabbitmq] = calm.dependencies;
    const dependencies = [
      postgres!,
      { ...redis!, awayFrom: ['gateway shop-1 17'] },
      { ...rabbitmq!, blocked: true },
      { name: 'mail', up: null, awayFrom: [], blocked: false },
    ];
    const troubled = { ...calm, dependencies };
    expect(rows([troubled]).dependencies).toBe(
      'PostgreSQL up, Redis away from gateway shop-1 17, RabbitMQ BLOCKED, mail up',
    );
    expect(statusLine(troubled)).toMatch(/away=redis$/);
  });

  it('says that nothing drains during a pause, and why a cap is not what was configured', () => {
    const paused = { ...calm, cap: { ...calm.cap!, paused: true }, drainSeconds: null };
    expect(rows([paused])).toMatchObject({
      cap: 'paused (2,000 orders/s when resumed)',
      'time to drain': 'never, while draining is paused',
      drained: '1,980/s',
    });
    const slowed = { ...calm, cap: { ...calm.cap!, ordersPerSecond: 700, reason: 'database slow' } };
    expect(rows([slowed]).cap).toBe('700 orders/s (database slow)');
  });

  it('draws the course of the last looks, the highest as a full block and the unknown as a gap', () => {
    const history = [0, 1_000, null, 4_000].map((waiting) => ({ ...calm, waiting }));
    expect(rows(history).waiting).toMatch(/ ▁▃ █$/);
  });

  it('fits its trends into the width of the terminal, or leaves them out', () => {
    const history = Array.from({ length: 60 }, () => calm);
    for (const columns of [60, 80, 120]) {
      for (const line of formatStatus(history, plain, columns).slice(0, 8))
        expect(line.length).toBeLessThanOrEqual(columns);
    }
    expect(rows(history, 40).waiting).toBe('12,345 orders');
  });

  it('colours nothing unless told to', () => {
    expect(formatStatus([calm, away], plain).join('')).not.toContain('\x1b');
    expect(formatStatus([away], createPaint(true)).join('')).toContain('\x1b[31mRedis AWAY\x1b[0m');
  });
});

describe('the status line', () => {
  it('is one line of names and values without spaces in them', () => {
    const slowed = { ...calm, cap: { ...calm.cap!, reason: 'database slow' } };
    const [at, ...pairs] = statusLine(slowed).split(' ');
    expect(at).toBe(calm.at);
    expect(Object.fromEntries(pairs.map((pair) => pair.split('=')))).toEqual({
      waiting: '12345',
      oldest: '6.2s',
      drain: '7s',
      accepted: '4987/s',
      drained: '1980/s',
      cap: '2000/s',
      reason: 'database-slow',
      'sold-out': '12/s',
      refused: '0/s',
      'dead-letters': '0',
    });
    expect(statusLine(away)).toMatch(/waiting=\? .*away=postgres,redis,rabbitmq$/);
  });
});
