import { ERRORS } from '../driver/outcome.ts';
import type { PhaseCounts } from '../driver/recorder.ts';
import type { Facts, Measured, Threshold } from './threshold.ts';

// The thresholds that scenarios are made of. Numbers that are not given here come from the promises in the README.

const MIN_CAP_USED_RATIO = 0.97;

const constant = (limit: number) => () => limit;
const phases = ({ drive }: Facts): readonly PhaseCounts[] => [drive.warmup, drive.measured];
const total = (facts: Facts, of: (counts: PhaseCounts) => number) =>
  phases(facts).reduce((sum, counts) => sum + of(counts), 0);

/** No order ended in an error, warm-up included. */
export const noErrors: Threshold = {
  name: 'Orders that ended in an error',
  unit: '',
  comparison: 'at most',
  limit: constant(0),
  measure: (facts) =>
    total(facts, ({ outcomes }) => ERRORS.reduce((sum, outcome) => sum + outcomes[outcome], 0)),
};

/** Where a customer may buy as much as he likes in a sale that is open, no order is refused for a limit. */
export const noLimitHit: Threshold = {
  name: 'Orders refused as over a limit, or outside the sale',
  unit: '',
  comparison: 'exactly',
  limit: constant(0),
  measure: (facts) => total(facts, ({ outcomes }) => outcomes['refused-limit']),
};

/** The load that was announced is the load that was sent. */
export const noDrops: Threshold = {
  name: 'Requests the driver had to drop',
  unit: '',
  comparison: 'at most',
  limit: constant(0),
  measure: (facts) => total(facts, ({ dropped }) => dropped),
};

/** 99 of 100 buyers have their answer in time, from the moment they pressed the button. */
export function acceptedWithin(ms: number): Threshold {
  return {
    name: 'Intake, 99th percentile',
    unit: 'ms',
    comparison: 'at most',
    limit: constant(ms),
    measure: ({ drive }) => latencyP99(drive.latency.accepted, 'no order was accepted after the warm-up'),
  };
}

/** So have 99 of 100 who were refused. */
export function refusedWithin(ms: number): Threshold {
  return {
    name: 'Refusal, 99th percentile',
    unit: 'ms',
    comparison: 'at most',
    limit: constant(ms),
    measure: ({ drive }) => latencyP99(drive.latency.refused, 'no order was refused after the warm-up'),
  };
}

/** The backlog was worked off. */
export const backlogDrained: Threshold = {
  name: 'Orders waiting at the end',
  unit: '',
  comparison: 'exactly',
  limit: constant(0),
  measure: ({ drained, samples }) => {
    const waiting = samples.findLast((sample) => sample.waiting !== undefined)?.waiting;
    if (drained) return 0;
    return waiting === undefined || waiting === 0
      ? { missing: 'the instance did not report how many orders wait: --ops says where it can be asked' }
      : waiting;
  },
};

/** The database never saw more than the cap and one batch in any sliding second. */
export const withinCap: Threshold = {
  name: 'Busiest sliding second of the ledger',
  unit: 'orders',
  comparison: 'at most',
  measure: ({ audit }) =>
    audit.busiestSecondOrders ?? { missing: 'audit did not report cap.busiestSecondOrders' },
  limit: ({ cap }) =>
    cap === undefined
      ? { missing: 'the instance did not report its cap: --ops says where it can be asked' }
      : cap + batchOf(cap),
};

/** While there was a backlog, the cap was used. A cap that the database mostly can't keep up with has not been. */
export const capUsed: Threshold = {
  name: 'Part of the cap in use during the backlog',
  unit: '',
  comparison: 'at least',
  limit: constant(MIN_CAP_USED_RATIO),
  measure: ({ audit, cap, samples }) => {
    const { capUsedRatio, backlogSeconds: judged, databaseBoundSeconds: bound } = audit;
    const beyond = `in ${bound} of ${bound + judged} seconds with a backlog the database could not write as much`;
    if (bound > judged) return { missing: beyond };
    if (capUsedRatio !== undefined) return bound === 0 ? capUsedRatio : { value: capUsedRatio, note: beyond };
    const mostWaiting = samples.reduce((most, { waiting = 0 }) => Math.max(most, waiting), 0);
    return cap !== undefined && samples.length > 0 && mostWaiting < cap
      ? { exempt: 'never a second’s backlog' }
      : { missing: 'audit did not report cap.capUsedRatio' };
  },
};

/** Demand above stock sells all of it, and not a piece more. */
export const allSold: Threshold = {
  name: 'Pieces confirmed, of the stock',
  unit: 'pieces',
  comparison: 'exactly',
  limit: ({ settings }) => settings.stock,
  measure: ({ ledger }) => ledger?.confirmedPieces ?? LEDGER_MISSING,
};

/** However often an order was sent, it is in the ledger once. */
export const oneOrderPerId: Threshold = {
  name: 'Orders in the ledger, one for each transaction ID',
  unit: 'orders',
  comparison: 'exactly',
  limit: (facts) => total(facts, ({ orders }) => orders),
  measure: ({ ledger }) => ledger?.orders ?? LEDGER_MISSING,
};

/** What was answered 202 for the first time is in the ledger, confirmed. */
export const everyAcceptedConfirmed: Threshold = {
  name: 'Accepted orders that are confirmed',
  unit: 'orders',
  comparison: 'at least',
  limit: (facts) => total(facts, ({ outcomes }) => outcomes.accepted),
  measure: ({ ledger }) => ledger?.confirmedOrders ?? LEDGER_MISSING,
};

/** Every promise that can be checked from outside holds. */
export const auditClean: Threshold = {
  name: 'Audit',
  unit: 'faults',
  comparison: 'exactly',
  limit: constant(0),
  measure: ({ audit }) => (audit.report ? Number(!audit.clean) : { missing: `no audit: ${audit.failure}` }),
};

const LEDGER_MISSING = { missing: 'the ledger could not be read' } as const;

function latencyP99({ count, p99Ms }: { count: number; p99Ms: number }, missing: string): Measured {
  return count === 0 ? { missing } : p99Ms;
}

/** The largest batch: 50 ms of the cap, at most 500 orders, at least one. */
export function batchOf(cap: number): number {
  return Math.max(1, Math.min(500, Math.floor(cap / 20)));
}
