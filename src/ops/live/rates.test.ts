import { expect, it } from 'vitest';
import type { ProcessReport } from '../../platform/figures.ts';
import { createRates, sumByLabel } from './rates.ts';

function gateway(uptimeMs: number, accepted: number): ProcessReport {
  return {
    role: 'gateway',
    host: 'h',
    pid: 1,
    uptimeMs,
    figures: { 'sluice_orders_total accepted': accepted },
  };
}

/** Feeds looks, each a report by process, and gives what is accepted per second at each. */
function acceptedAt(looks: readonly Record<string, ProcessReport | [ProcessReport, silentMs: number]>[]) {
  const rates = createRates();
  return looks.map((look) => {
    const reports = Object.entries(look).map(([id, said]) => {
      const [report, silentMs] = Array.isArray(said) ? said : [said, 0];
      return [id, { report, silentMs }] as const;
    });
    return sumByLabel(rates(new Map(reports)), 'sluice_orders_total').get('accepted') ?? 0;
  });
}

it('is the sum over all gateways of what was added since each one’s last report', () => {
  expect(
    acceptedAt([
      { a: gateway(1_000, 100), b: gateway(5_000, 7_000) },
      { a: gateway(2_000, 150), b: gateway(6_000, 7_030) },
      { a: gateway(4_000, 250), b: gateway(7_000, 7_030) },
    ]),
  ).toEqual([0, 80, 50]);
});

it('a look that comes before the next report shows the last rate again, not zero', () => {
  const same = { a: gateway(2_000, 50) };
  expect(acceptedAt([{ a: gateway(1_000, 0) }, same, same])).toEqual([0, 50, 50]);
});

it('a process that is silent counts nothing, and when it speaks again, its mean since then', () => {
  const last = gateway(2_000, 100);
  expect(
    acceptedAt([{ a: gateway(1_000, 0) }, { a: last }, { a: [last, 4_000] }, { a: gateway(7_000, 200) }]),
  ).toEqual([0, 100, 0, 20]);
});

it('a process that was started again is another one: its counters begin anew, and nothing is negative', () => {
  expect(
    acceptedAt([{ 'a 1': gateway(9_000, 900) }, { 'a 2': gateway(1_000, 5) }, { 'a 2': gateway(2_000, 25) }]),
  ).toEqual([0, 0, 20]);
});
