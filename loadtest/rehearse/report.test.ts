import { expect, it } from 'vitest';
import { OUTCOMES } from '../driver/outcome.ts';
import type { OutcomeCounts } from '../driver/recorder.ts';
import { readEnvironment } from '../report/environment.ts';
import { renderRehearsal } from './report.ts';
import type { ActResult, RehearsalResult, StrikeResult } from './result.ts';
import { formatResult } from './table.ts';

const strike: StrikeResult = {
  number: 1,
  fault: 'kill-gateway',
  atOrder: 120,
  did: 'gateway 1 <killed>',
  startSecond: 1,
  endSecond: 1,
  recovery: { intakeMs: 1_200, drainMs: 100, rolesMs: 1_100, allMs: 1_200 },
  boundMs: 5_000,
  refusals: {
    unavailable: 4,
    outcomeUnknown: 2,
    broken: 9,
    withoutRetryAfter: 0,
    slowestFirstMs: 2_010,
    later: 1,
    laterMedianMs: 1,
    laterP99Ms: 12,
    slowestLaterMs: 30,
  },
  violations: [],
};
const act: ActResult = {
  number: 1,
  saleId: 'rehearsal-1',
  strikes: [strike, { ...strike, number: 2, startSecond: 3, endSecond: 3 }],
  orders: 400,
  outcomes: { ...(Object.fromEntries(OUTCOMES.map((name) => [name, 0])) as OutcomeCounts), accepted: 321 },
  quietMs: 900,
  violations: [],
  warnings: [],
  checks: 12,
  timeline: {
    accepted: [90, 100, 40, 91],
    refused: [1, 2, 3, 4],
    turnedAway: [0, 20, 0, 0],
    drained: [80, 70, 60, 111],
    waiting: [null, 10, 30, 0],
  },
  memory: [{ label: 'gateway 1', beforeMiB: 90, duringMiB: 110, afterMiB: 95 }],
};
const result: RehearsalResult = {
  go: true,
  reasons: [],
  seed: 42,
  faults: ['kill-gateway'],
  full: false,
  ordersPerSecond: 100,
  gateways: 2,
  drainers: 2,
  privateServices: true,
  boundsJudged: true,
  startedAt: '2027-01-02T03:04:05.678Z',
  seconds: 60,
  table: [
    {
      fault: 'kill-gateway',
      strikes: 30,
      violations: 0,
      medianMs: 1_200,
      worstMs: 2_400,
      boundMs: 5_000,
      late: 0,
      atMost: 0.1,
    },
  ],
  acts: [act],
  environment: readEnvironment(),
};

it('the page needs nothing from elsewhere, shows each strike as a band, and tells how to strike so again', async () => {
  const page = await renderRehearsal(result);
  expect(page).not.toMatch(/<script|<link|src=|url\(/);
  // Two strikes in two charts, each drawn for two widths.
  expect(page.match(/<rect class="strike/g)).toHaveLength(8);
  expect(page).toContain('strike 2: kill-gateway');
  expect(page).toContain('gateway 1 &lt;killed&gt;');
  expect(page).toContain('--seed 42 --faults kill-gateway');
  expect(page).toContain('&lt; 10 %');
  expect(page).toContain('<title>Rehearsal: GO</title>');
});

it('the output ends with the verdict, and says what is against a GO', () => {
  expect(formatResult(result).split('\n').at(-1)).toBe('seed 42: GO');
  const bad = { ...result, go: false, reasons: ['act 1: oversold'] };
  expect(formatResult(bad).split('\n').slice(-2)).toEqual(['against: act 1: oversold', 'seed 42: NO-GO']);
  expect(formatResult(result)).toMatch(/kill-gateway +30 +0 +1\.2 s +2\.4 s +5\.0 s +< 10 %/);
  expect(formatResult(result)).toContain('slowest 2010 ms');
});
