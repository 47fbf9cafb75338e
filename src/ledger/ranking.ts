import {
  type BestSeller,
  buyersKept,
  type FastBuyer,
  type RankingOperations,
  type RankingReader,
} from '../order/ports/ranking.ts';
import type { Pool } from './pool.ts';
import { readSql } from './sql.ts';

interface RankingRow {
  readonly best_sellers: readonly BestSeller[];
  readonly fastest_buyers: readonly FastBuyer[];
}

/** What the follower ranking has gathered. */
export function createRanking(pool: Pool): RankingReader & RankingOperations {
  const readRanking = { name: 'read_ranking', text: readSql('read-ranking.sql') };
  return {
    async ranking(saleId, limit) {
      const values = [saleId, limit];
      const [row] = await pool.query<RankingRow>({ ...readRanking, values }, 'ledger-unavailable');
      return { bestSellers: row!.best_sellers, fastestBuyers: row!.fastest_buyers };
    },

    async recomputeRanking(saleId) {
      const text = 'SELECT sluice_recompute_ranking($1, $2)::double precision AS counted';
      const values = [saleId, buyersKept];
      const [row] = await pool.query<{ counted: number }>({ text, values }, 'ledger-unavailable');
      return row!.counted;
    },
  };
}
