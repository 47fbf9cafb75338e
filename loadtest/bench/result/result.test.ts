import { describe, expect, it } from 'vitest';
import { cpuPerOrder } from '../cpu-time.ts';
import type { FigureName, Turn } from '../figure.ts';
import { drawPicture } from './picture.ts';
import { type BenchResult, median, summarise } from './summary.ts';
import { formatResult } from './table.ts';

function turn(name: FigureName, ordersPerSecond: number, passed = true): Turn {
  return {
    contestant: 'bare',
    round: 1,
    figures: [{ name, ordersPerSecond, cpuMicrosPerOrder: { gateway: ordersPerSecond / 1_000 } }],
    answers: {},
    audit: { passed, found: 'what was found' },
  };
}

function result(turns: readonly Turn[]): BenchResult {
  return {
    startedAt: '2026-01-02T03:04:05.000Z',
    environment: { cpu: 'A <fast> CPU', cores: 2, memoryGiB: 4, kernel: 'Linux', node: 'v20.0.0' },
    settings: { rounds: 3, seconds: 8, warmupSeconds: 2 },
    ...summarise(turns),
  };
}

describe('the result of a bench', () => {
  const turns = [
    ...[60_000, 50_000, 10].map((rate) => turn('bare', rate)),
    ...[30_000, 20_000, 25_000].map((rate) => turn('accepted', rate)),
  ];

  it('takes medians, spreads and their ratios', () => {
    const { figures, ratios, auditsPassed } = summarise(turns);
    expect(figures.bare).toMatchObject({ median: 50_000, least: 10, most: 60_000 });
    expect(figures.accepted!.cpuMicrosPerOrder).toEqual({ gateway: 25 });
    expect(ratios).toEqual([expect.objectContaining({ of: 'accepted', to: 'bare', value: 0.5, met: true })]);
    expect(auditsPassed).toBe(true);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('says which floor is missed and which audit failed', () => {
    const failed = result([...turns, turn('soldOut', 10_000, false)]);
    expect(failed.auditsPassed).toBe(false);
    const text = formatResult(failed);
    expect(text).toMatch(/sold out : bare Fastify +0\.20 +0\.75 +MISSED/);
    expect(text).toMatch(/accepted : bare Fastify +0\.50 +0\.45 +met/);
    expect(text).toContain('FAILED: bare, round 1: what was found');
  });

  it('draws what was measured, and nothing else', () => {
    const picture = drawPicture(result(turns));
    expect(picture).toContain('>50,000</text>');
    expect(picture).toContain('>25,000</text>');
    expect(picture).toContain('A &lt;fast&gt; CPU');
    expect(picture).not.toMatch(/BullMQ|NaN|undefined/);
  });
});

it('shares CPU among the orders, and leaves out who used none', () => {
  expect(cpuPerOrder({ a: 1, b: 2 }, { a: 3, b: 2, c: 1 }, 100_000)).toEqual({ a: 20, c: 10 });
});
