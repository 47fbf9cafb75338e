import { describe, expect, it } from 'vitest';
import { ERRORS, OUTCOMES } from '../driver/outcome.ts';
import type { OutcomeCounts } from '../driver/recorder.ts';
import { formatLiveLine } from './live-line.ts';
import { usageOf } from './process-usage.ts';
import { samplesOf, sumOf } from './prometheus-text.ts';
import type { InstanceSample } from './sampler.ts';
import { waitForDrain } from './wait-for-drain.ts';

describe('a Prometheus page', () => {
  const page = [
    '# HELP sluice_drained_orders_total Orders',
    '# TYPE sluice_drained_orders_total counter',
    'sluice_drained_orders_total{outcome="confirmed"} 40',
    'sluice_drained_orders_total{outcome="rejected"} 2',
    'sluice_drained_orders_total_more 7',
    'sluice_orders_waiting 1.5e3',
    'sluice_backlog_drain_seconds NaN',
  ].join('\n');

  it('is summed over labels, by the whole name', () => {
    expect(sumOf(page, 'sluice_drained_orders_total')).toBe(42);
    expect(sumOf(page, 'sluice_orders_waiting')).toBe(1_500);
    expect(samplesOf(page, 'sluice_drained_orders_total')[0]).toEqual({
      labels: 'outcome="confirmed"',
      value: 40,
    });
  });

  it('has no value for what is not there, or not a number', () => {
    expect(sumOf(page, 'sluice_dead_letters')).toBeUndefined();
    expect(sumOf(page, 'sluice_backlog_drain_seconds')).toBeUndefined();
  });
});

describe('waiting for the drain', () => {
  const wait = async (waiting: (number | undefined)[]) => {
    let taken = 0;
    const sample = async (): Promise<InstanceSample> => {
      const value = waiting[Math.min(taken++, waiting.length - 1)];
      return { second: taken, roles: {}, ...(value === undefined ? {} : { waiting: value }) };
    };
    const signal = new AbortController().signal;
    const drained = await waitForDrain({ sample, onSample: () => {}, signal, everyMs: 1, patience: 5 });
    return { drained, taken };
  };

  it('ends with the second sample in a row in which nothing waits', async () => {
    expect(await wait([30, 0, 10, 0, 0])).toEqual({ drained: true, taken: 5 });
  });

  it('is patient with a backlog that falls, and not with one that stands', async () => {
    expect((await wait([9, 8, 7, 6, 5, 4, 3, 2, 1, 0])).drained).toBe(true);
    expect((await wait([9, 8, 8])).drained).toBe(false);
  });

  it('gives up where the backlog is not reported', async () => {
    expect((await wait([undefined])).drained).toBe(false);
  });
});

describe('process usage', () => {
  it('is read for a process that lives, and absent for one that does not', async () => {
    const own = await usageOf(process.pid);
    expect(own!.rssBytes).toBeGreaterThan(1_000_000);
    expect(own!.cpuSeconds).toBeGreaterThan(0);
    expect(await usageOf(2 ** 30)).toBeUndefined();
  });
});

describe('the live line', () => {
  it('shows what is known, and a dash for the rest', () => {
    const outcomes = Object.fromEntries(OUTCOMES.map((outcome, index) => [outcome, index])) as OutcomeCounts;
    const snapshot = { elapsedSeconds: 7.9, offered: 60, dropped: 3, inFlight: 12, outcomes, p99Ms: 4.26 };
    const errors = ERRORS.reduce((sum, outcome) => sum + outcomes[outcome], snapshot.dropped);
    expect(formatLiveLine(snapshot, undefined).trim()).toBe(
      `7 s  sent 57  accepted 0  sold out 2  errors ${errors}  in flight 12  waiting –  drained/s –  p99 4.3 ms`,
    );
  });
});
