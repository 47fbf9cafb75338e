import { orderError } from '../order/errors.ts';
import type { OrderEvent } from '../order/events.ts';
import type { FollowerLedger, RunSql } from '../order/ports/events.ts';
import type { Pool, Query } from './pool.ts';
import { readSql } from './sql.ts';

/**
 * An ID up to this long fits into the primary key of `follower_events`, whatever is in it: a row of the index has
 * 2,704 bytes, also for the follower's name. A longer one may or may not, as it can be compressed.
 */
const idMaxBytes = 2_500;

type InEffect = <T>(effect: (sql: RunSql) => Promise<T>) => Promise<T>;

/** The memory of followers, in the table `follower_events`. */
export function createFollowerLedger(pool: Pool): FollowerLedger {
  const rememberEvents = {
    name: 'remember_events',
    text: 'SELECT sluice_remember_events AS event_id FROM sluice_remember_events($1, $2)',
  };
  const handledEvents = { name: 'handled_events', text: readSql('handled-events.sql') };

  /** A transaction with an effect in it: what the effect itself throws is none of the database's errors. */
  async function transaction<T>(work: (query: Query, inEffect: InEffect) => Promise<T>): Promise<T> {
    let thrown: { readonly error: unknown } | undefined;
    let databaseError: unknown;
    try {
      return await pool.transaction((query) => {
        const sql: RunSql = (text, values) =>
          query<never>({ text, ...(values ? { values } : {}) }).catch((error) => {
            databaseError = error;
            throw error;
          });
        return work(query, (effect) =>
          effect(sql).catch((error) => {
            if (error !== databaseError) thrown = { error };
            throw error;
          }),
        );
      }, 'batch-unwritable');
    } catch (error) {
      throw thrown ? thrown.error : error;
    }
  }

  return {
    once: (follower, events, effect) =>
      transaction(async (query, inEffect) => {
        const values = [follower, sortedIds(events)];
        const handled = await query<{ event_id: string }>({ ...rememberEvents, values });
        const fresh = firstOfEach(events, new Set(handled.map((row) => row.event_id)));
        if (fresh.length > 0) await inEffect((sql) => effect(fresh, sql));
        return fresh.length;
      }),

    write: (effect) => transaction((_, inEffect) => inEffect(effect)),

    async unhandled(follower, events) {
      const ids = sortedIds(events);
      // It could be looked for, but not remembered, and its effect is what comes in between.
      if (ids.some((id) => Buffer.byteLength(id) > idMaxBytes)) {
        throw orderError('batch-unwritable', `an event’s ID is longer than ${idMaxBytes} bytes`);
      }
      const rows = await pool.query<{ event_id: string }>({ ...handledEvents, values: [follower, ids] });
      const handled = new Set(rows.map((row) => row.event_id));
      return events.filter(({ id }) => !handled.has(id));
    },

    async remember(follower, events) {
      await pool.query({ ...rememberEvents, values: [follower, sortedIds(events)] });
    },
  };
}

/** In one order everywhere: rows inserted in another would deadlock. Without doubles, which one statement sees. */
function sortedIds(events: readonly OrderEvent[]): string[] {
  return [...new Set(events.map(({ id }) => id))].sort();
}

/** Of the events without these IDs the first each, in their order. */
function firstOfEach(events: readonly OrderEvent[], handled: Set<string>): OrderEvent[] {
  return events.filter(({ id }) => {
    if (handled.has(id)) return false;
    handled.add(id);
    return true;
  });
}
