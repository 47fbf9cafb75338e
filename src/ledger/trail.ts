import type { Trail, TrailEntry } from '../order/ports/trail.ts';
import type { Pool } from './pool.ts';
import { readSql } from './sql.ts';

interface TrailRow extends Omit<TrailEntry, 'id' | 'atMs'> {
  readonly trail_id: string;
  readonly at_ms: number;
}

/** The table `trail`: one row per action. */
export function createTrail(pool: Pool): Trail {
  const pageTrail = readSql('page-trail.sql');
  return {
    async beginEntry({ who, via, action, details }) {
      const [row] = await pool.query<{ trail_id: string }>(
        {
          text: 'INSERT INTO trail (who, via, action, details) VALUES ($1, $2, $3, $4) RETURNING trail_id',
          values: [who, via, action, JSON.stringify(details)],
        },
        'ledger-unavailable',
      );
      return Number(row!.trail_id);
    },

    async endEntry(id, outcome, said) {
      await pool.query(
        { text: 'UPDATE trail SET outcome = $2, said = $3 WHERE trail_id = $1', values: [id, outcome, said] },
        'ledger-unavailable',
      );
    },

    async entries(limit, beforeId) {
      const rows = await pool.query<TrailRow>(
        { text: pageTrail, values: [limit, beforeId ?? null] },
        'ledger-unavailable',
      );
      return rows.map(({ trail_id, at_ms, ...entry }) => ({
        ...entry,
        id: Number(trail_id),
        atMs: Math.round(at_ms),
      }));
    },
  };
}
