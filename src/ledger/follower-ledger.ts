import type { OrderEvent } from '../order/events.ts';
import type { FollowerLedger, RunSql } from '../order/ports/events.ts';
import type { Pool } from './pool.ts';
import { readSql } from './sql.ts';

/** The memory of followers, in the table `follower_events`. */
export function createFollowerLedger(pool: Pool): FollowerLedger {
  const rememberEvents = {
    name: 'remember_events',
    text: 'SELECT sluice_remember_events AS event_id FROM sluice_remember_events($1, $2)',
  };
  const handledEvents = { name: 'handled_events', text: readSql('handled-events.sql') };

  return {
    async once(follower, events, effect) {
      let thrown: { readonly error: unknown } | undefined;
      let databaseError: unknown;
      try {
        return await pool.transaction(async (query) => {
          const sql: RunSql = (text, values) =>
            query<never>({ text, ...(values ? { values } : {}) }).catch((error) => {
              databaseError = error;
              throw error;
            });
          const handled = await query<{ event_id: string }>({
            ...rememberEvents,
            values: [follower, sortedIds(events)],
          });
          const fresh = firstOfEach(events, new Set(handled.map((row) => row.event_id)));
          if (fresh.length === 0) return 0;
          await effect(fresh, sql).catch((error) => {
            if (error !== databaseError) thrown = { error };
            throw error;
          });
          return fresh.length;
        }, 'batch-unwritable');
      } catch (error) {
        // What the effect itself threw is none of the database's errors.
        throw thrown ? thrown.error : error;
      }
    },

    async unhandled(follower, events) {
      const values = [follower, sortedIds(events)];
      const rows = await pool.query<{ event_id: string }>({ ...handledEvents, values }, 'ledger-unavailable');
      const handled = new Set(rows.map((row) => row.event_id));
      return events.filter(({ id }) => !handled.has(id));
    },

    async remember(follower, events) {
      await pool.query({ ...rememberEvents, values: [follower, sortedIds(events)] }, 'ledger-unavailable');
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
