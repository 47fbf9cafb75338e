import { isOrderError } from '../order/errors.ts';
import type { OrderEvent } from '../order/events.ts';
import type { FollowerLedger } from '../order/ports/events.ts';
import { createBackOff } from '../platform/back-off.ts';
import type { Clock } from '../platform/clock.ts';
import type { FollowerMetrics } from '../platform/follower-metrics.ts';
import type { Logger } from '../platform/logger.ts';
import {
  type EffectContext,
  EffectError,
  type EffectOutcome,
  effectError,
  type Follower,
  type IdempotentEffect,
  type LedgerEffect,
  type OutsideEffect,
} from './follower.ts';

/** What came of each event of a call, in their order. */
export type Perform = (events: readonly OrderEvent[]) => Promise<readonly EffectOutcome[]>;

/** Has an effect in the ledger happen once per event. Resolves with how many events were new. */
export function applyInLedger(
  ledger: FollowerLedger,
  { name, effect }: { readonly name: string; readonly effect: LedgerEffect | IdempotentEffect },
  events: readonly OrderEvent[],
  context: EffectContext,
): Promise<number> {
  return 'idempotent' in effect
    ? ledger.write((sql) => effect.apply(events, sql, context))
    : ledger.once(name, events, (fresh, sql) => effect.apply(fresh, sql, context));
}

/** Calls a follower's effect so that each event has it once, whatever is delivered how often. Never rejects. */
export function createPerform(deps: {
  follower: Follower;
  ledger: FollowerLedger;
  metrics: Pick<FollowerMetrics, 'handled' | 'repeated' | 'dependencies'>;
  clock: Clock;
  logger: Logger;
  /** Aborted when nothing should be waited for any longer. */
  signal: AbortSignal;
}): Perform {
  const { follower, ledger, metrics } = deps;
  const { name, effect } = follower;
  const context: EffectContext = { logger: deps.logger, signal: deps.signal };
  /** Events outside whose effect is under way, by ID. */
  const underWay = new Map<string, Promise<void>>();

  function count(events: number, fresh: number): void {
    metrics.handled.inc(fresh);
    metrics.repeated.inc(events - fresh);
    metrics.dependencies.set('postgres', true);
  }

  /**
   * All at once, and where that rejects in halves, down to the events at fault. Where the order is kept nothing is
   * divided, for what is behind an event that fails has to wait. Never rejects.
   */
  async function divided(events: readonly OrderEvent[], attempt: Perform): Promise<readonly EffectOutcome[]> {
    try {
      return await attempt(events);
    } catch (thrown) {
      const error = toEffectError(thrown);
      const isAtom = events.length === 1 || follower.keepsOrder === true;
      if (isAtom || error.code === 'neighbour-away') return events.map(() => error);
    }
    const middle = Math.ceil(events.length / 2);
    const first = await divided(events.slice(0, middle), attempt);
    const rest = events.slice(middle);
    const away = first.find((outcome) => outcome !== 'done' && outcome.code === 'neighbour-away');
    return [...first, ...(away ? rest.map(() => away) : await divided(rest, attempt))];
  }

  /** In the ledger: all of them happen, or none. */
  async function inLedger(events: readonly OrderEvent[]): Promise<readonly EffectOutcome[]> {
    if (effect.within !== 'ledger') return [];
    count(events.length, await applyInLedger(ledger, { name, effect }, events, context));
    return events.map(() => 'done');
  }

  function toEffectError(thrown: unknown): EffectError {
    if (isOrderError(thrown, 'batch-unwritable')) {
      return new EffectError('effect-refused', thrown.message, { cause: thrown });
    }
    if (!isOrderError(thrown)) return effectError(thrown);
    metrics.dependencies.set('postgres', false);
    return new EffectError('neighbour-away', thrown.message, { cause: thrown });
  }

  /**
   * What has happened must be remembered: the longer that fails, the longer it is tried. Only what the ledger refuses
   * is not tried again: should it come once more, it happens once more.
   */
  async function remember(events: readonly OrderEvent[]): Promise<void> {
    const backOff = createBackOff({ firstMs: 50, maxMs: 2_000 });
    for (;;) {
      try {
        return await ledger.remember(name, events);
      } catch (error) {
        if (deps.signal.aborted || isOrderError(error, 'batch-unwritable')) {
          deps.logger.error({ err: error, events: events.map(({ id }) => id) }, 'done, but not remembered');
          return;
        }
        deps.logger.warn({ err: error, events: events.length }, 'what is done cannot be remembered yet');
        await deps.clock.sleep(backOff.nextMs(), deps.signal);
      }
    }
  }

  /** Elsewhere: what is not remembered is done, then remembered. */
  async function outside(events: readonly OrderEvent[]): Promise<readonly EffectOutcome[]> {
    if (effect.within !== 'outside') return [];
    const byId = new Map(events.map((event) => [event.id, event]));
    const ids = [...byId.keys()];
    for (const id of ids) {
      for (let other = underWay.get(id); other; other = underWay.get(id)) await other;
    }
    const work = divided([...byId.values()], (some) => outsideOnce(some, effect.apply));
    const ended = work.then(() => undefined);
    for (const id of ids) underWay.set(id, ended);
    try {
      const outcomes = new Map((await work).map((outcome, i) => [ids[i], outcome]));
      return events.map(({ id }) => outcomes.get(id)!);
    } finally {
      for (const id of ids) if (underWay.get(id) === ended) underWay.delete(id);
    }
  }

  /** Rejects only before any of them has had its effect. */
  async function outsideOnce(
    events: readonly OrderEvent[],
    apply: OutsideEffect['apply'],
  ): Promise<readonly EffectOutcome[]> {
    const forgets = effect.within === 'outside' && effect.forgets === true;
    const fresh = forgets ? events : await ledger.unhandled(name, events);
    const outcomes = fresh.length === 0 ? [] : await applied(fresh, apply);
    const happened = fresh.filter((_, i) => outcomes[i] === 'done');
    if (happened.length > 0 && !forgets) await remember(happened);
    count(happened.length + events.length - fresh.length, happened.length);
    const unsaid = new EffectError('effect-failed', 'the effect does not say what came of the event');
    const came = new Map(fresh.map(({ id }, i) => [id, outcomes[i] ?? unsaid]));
    return events.map(({ id }) => came.get(id) ?? 'done');
  }

  /** When the effect throws, nobody knows of which events: none counts as done. */
  async function applied(
    events: readonly OrderEvent[],
    apply: OutsideEffect['apply'],
  ): Promise<readonly EffectOutcome[]> {
    try {
      return await apply(events, context);
    } catch (thrown) {
      const error = toEffectError(thrown);
      return events.map(() => error);
    }
  }

  return effect.within === 'ledger' ? (events) => divided(events, inLedger) : outside;
}
