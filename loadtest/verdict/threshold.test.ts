import { describe, expect, it } from 'vitest';
import { ERRORS } from '../driver/outcome.ts';
import { scenarios } from '../scenarios/index.ts';
import { readAudit } from './audit.ts';
import { batchOf, capUsed, noErrors, noLimitHit, withinCap } from './measures.ts';
import { type Facts, judge, type Measured, type Threshold } from './threshold.ts';

const threshold = (comparison: Threshold['comparison'], value: Measured, limit: Measured): Threshold => ({
  name: 'any',
  unit: '',
  comparison,
  measure: () => value,
  limit: () => limit,
});
const facts = (changes: Partial<Facts>) => changes as Facts;
const passes = (comparison: Threshold['comparison'], value: Measured, limit: Measured) =>
  judge(threshold(comparison, value, limit), facts({})).passed;

describe('a threshold', () => {
  it('includes its limit', () => {
    expect([passes('at most', 5, 5), passes('at most', 5.01, 5)]).toEqual([true, false]);
    expect([passes('at least', 5, 5), passes('at least', 4.99, 5)]).toEqual([true, false]);
    expect([passes('exactly', 5, 5), passes('exactly', 6, 5)]).toEqual([true, false]);
  });

  it('fails what could not be measured, and says why', () => {
    expect(judge(threshold('at most', { missing: 'no gauge' }, 5), facts({}))).toMatchObject({
      passed: false,
      note: 'no gauge',
      limit: 5,
    });
    expect(passes('at most', 0, { missing: 'no cap' })).toBe(false);
  });

  it('passes what needed no value, and says why', () => {
    expect(judge(threshold('at least', { exempt: 'too short' }, 1), facts({}))).toMatchObject({
      passed: true,
      note: 'too short',
    });
  });
});

describe('the cap', () => {
  const audit = (cap: object) => ({ ...readAudit({ cap }, 0) });

  it('may be exceeded by one batch in a sliding second, and by no order more', () => {
    const at = (busiestSecondOrders: number) =>
      judge(withinCap, facts({ cap: 2_000, audit: audit({ busiestSecondOrders }) })).passed;
    expect([at(2_100), at(2_101)]).toEqual([true, false]);
  });

  it('has a batch of 50 ms of it, from 1 to 500 orders', () => {
    expect([1, 10, 2_000, 1_000_000].map(batchOf)).toEqual([1, 1, 100, 500]);
  });

  it('fails clearly where the audit does not report it', () => {
    expect(judge(withinCap, facts({ cap: 2_000, audit: readAudit({}, 0) }))).toMatchObject({
      passed: false,
      note: 'audit did not report cap.busiestSecondOrders',
    });
  });

  it('is not held to be used where the database could mostly not write as much', () => {
    const at = (backlogSeconds: number, databaseBoundSeconds: number) => {
      const used = { capUsedRatio: 1, backlogSeconds, databaseBoundSeconds };
      const { passed, note } = judge(capUsed, facts({ cap: 2_000, audit: audit(used), samples: [] }));
      return [passed, note];
    };
    expect(at(30, 0)).toEqual([true, undefined]);
    expect(at(30, 7)).toEqual([
      true,
      'in 7 of 37 seconds with a backlog the database could not write as much',
    ]);
    expect(at(7, 30)).toEqual([
      false,
      'in 30 of 37 seconds with a backlog the database could not write as much',
    ]);
  });

  it('need not be used where there was never a backlog', () => {
    const sample = (waiting: number) => ({ second: 1, roles: {}, waiting });
    const at = (waiting: number) =>
      judge(capUsed, facts({ cap: 2_000, audit: readAudit({}, 0), samples: [sample(waiting)] })).passed;
    expect([at(100), at(9_000)]).toEqual([true, false]);
  });
});

it('a crowd that is turned away for a limit does not pass where there is none', () => {
  expect(ERRORS).toContain('rate-limited');
  for (const { name, customerLimit, thresholds } of scenarios) {
    expect(thresholds, name).toContain(noErrors);
    expect(thresholds.includes(noLimitHit), name).toBe(customerLimit === undefined);
  }
});
