import { createLatencyRecorder, type LatencySummary } from './latency.ts';
import type { LoadOrder, OrderLog } from './order-log.ts';
import { OUTCOMES, type Outcome } from './outcome.ts';

export type OutcomeCounts = Record<Outcome, number>;

/** Requests of one phase: `offered` = `dropped` + Σ `outcomes` once the run is over. */
export interface PhaseCounts {
  /** Distinct orders; with duplicates, each is offered several times. */
  readonly orders: number;
  readonly offered: number;
  readonly dropped: number;
  readonly outcomes: OutcomeCounts;
}

/** One second of the run, counted from its start. Offered by intended time, outcomes by the time of the answer. */
export interface SecondRow {
  readonly second: number;
  readonly offered: number;
  readonly dropped: number;
  readonly inFlight: number;
  readonly outcomes: OutcomeCounts;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** What a driver hands over when every request has ended. Latencies are those of the measured phase. */
export interface DriveResult {
  readonly startedAt: string;
  readonly warmupSeconds: number;
  readonly warmup: PhaseCounts;
  readonly measured: PhaseCounts;
  readonly seconds: readonly SecondRow[];
  readonly latency: {
    readonly all: LatencySummary;
    readonly accepted: LatencySummary;
    readonly refused: LatencySummary;
  };
  /** How late the driver itself was: from the intended time to the write. Part of every latency above. */
  readonly lateness: LatencySummary;
  /** CPU of the driver's process, in cores. */
  readonly driverCores: number;
}

/** The state of a run at a glance, for the live line. */
export interface Snapshot {
  readonly elapsedSeconds: number;
  readonly offered: number;
  readonly dropped: number;
  readonly inFlight: number;
  readonly outcomes: Readonly<OutcomeCounts>;
  readonly p99Ms: number;
}

export interface Recorder {
  /** Milliseconds since the run started. */
  readonly elapsedMs: () => number;
  readonly order: (warmup: boolean) => void;
  readonly sent: (order: LoadOrder) => void;
  readonly dropped: (order: LoadOrder) => void;
  readonly ended: (order: LoadOrder, status: number, outcome: Outcome) => void;
  readonly inFlight: () => number;
  readonly snapshot: () => Snapshot;
  readonly result: () => DriveResult;
}

/** Counts and times what a driver does. The clock starts here. */
export function createRecorder(options: { log: OrderLog; warmupSeconds: number }): Recorder {
  const { log, warmupSeconds } = options;
  const started = performance.now();
  const startedAt = new Date().toISOString();
  const cpuAtStart = process.cpuUsage();
  const phases = { warmup: emptyPhase(), measured: emptyPhase() };
  const all = createLatencyRecorder();
  const accepted = createLatencyRecorder();
  const refused = createLatencyRecorder();
  const lateness = createLatencyRecorder();
  const thisSecond = createLatencyRecorder();
  const seconds: (SecondRow & Counting)[] = [];
  let current = 0;
  let inFlight = 0;
  let lastP99Ms = 0;

  const elapsedMs = () => performance.now() - started;
  const phaseOf = (order: LoadOrder) => (order.warmup ? phases.warmup : phases.measured);

  function rowAt(second: number): SecondRow & Counting {
    while (seconds.length <= second) seconds.push(emptyRow(seconds.length));
    return seconds[second]!;
  }

  function turnTo(second: number): void {
    for (; current < second; current++) {
      lastP99Ms = thisSecond.percentileMs(99);
      Object.assign(rowAt(current), {
        inFlight,
        p50Ms: thisSecond.percentileMs(50),
        p99Ms: lastP99Ms,
        maxMs: thisSecond.maxMs(),
      });
      thisSecond.reset();
    }
  }

  function sent(order: LoadOrder): void {
    const now = elapsedMs();
    turnTo(Math.floor(now / 1_000));
    inFlight++;
    phaseOf(order).offered++;
    rowAt(Math.floor(order.intendedMs / 1_000)).offered++;
    if (!order.warmup) lateness.record(now - order.intendedMs);
  }

  function dropped(order: LoadOrder): void {
    const phase = phaseOf(order);
    phase.offered++;
    phase.dropped++;
    const row = rowAt(Math.floor(order.intendedMs / 1_000));
    row.offered++;
    row.dropped++;
  }

  function ended(order: LoadOrder, status: number, outcome: Outcome): void {
    const now = elapsedMs();
    const latencyMs = now - order.intendedMs;
    turnTo(Math.floor(now / 1_000));
    inFlight--;
    phaseOf(order).outcomes[outcome]++;
    rowAt(current).outcomes[outcome]++;
    thisSecond.record(latencyMs);
    log.write(order, status, outcome, latencyMs);
    if (order.warmup) return;
    all.record(latencyMs);
    if (outcome === 'accepted' || outcome === 'replayed') accepted.record(latencyMs);
    else if (outcome === 'sold-out' || outcome === 'refused-limit') refused.record(latencyMs);
  }

  function snapshot(): Snapshot {
    const now = elapsedMs();
    turnTo(Math.floor(now / 1_000));
    const { warmup, measured } = phases;
    return {
      elapsedSeconds: now / 1_000,
      offered: warmup.offered + measured.offered,
      dropped: warmup.dropped + measured.dropped,
      inFlight,
      outcomes: sumOutcomes(warmup.outcomes, measured.outcomes),
      p99Ms: lastP99Ms,
    };
  }

  function result(): DriveResult {
    const elapsed = elapsedMs();
    turnTo(Math.ceil(elapsed / 1_000));
    const cpu = process.cpuUsage(cpuAtStart);
    return {
      startedAt,
      warmupSeconds,
      ...phases,
      seconds,
      latency: { all: all.summary(), accepted: accepted.summary(), refused: refused.summary() },
      lateness: lateness.summary(),
      driverCores: (cpu.user + cpu.system) / 1_000 / elapsed,
    };
  }

  return {
    elapsedMs,
    order: (warmup) => {
      phases[warmup ? 'warmup' : 'measured'].orders++;
    },
    sent,
    dropped,
    ended,
    inFlight: () => inFlight,
    snapshot,
    result,
  };
}

export function sumOutcomes(a: Readonly<OutcomeCounts>, b: Readonly<OutcomeCounts>): OutcomeCounts {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, a[outcome] + b[outcome]])) as OutcomeCounts;
}

function emptyOutcomes(): OutcomeCounts {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as OutcomeCounts;
}

function emptyPhase() {
  return { orders: 0, offered: 0, dropped: 0, outcomes: emptyOutcomes() };
}

interface Counting {
  offered: number;
  dropped: number;
}

function emptyRow(second: number): SecondRow & Counting {
  return {
    second,
    offered: 0,
    dropped: 0,
    inFlight: 0,
    outcomes: emptyOutcomes(),
    p50Ms: 0,
    p99Ms: 0,
    maxMs: 0,
  };
}
