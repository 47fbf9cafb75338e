import { createRandom } from '../random.ts';
import type { Arena } from './arena.ts';
import { type Contestant, contestants, type Turn } from './figure.ts';
import { acceptedTurn } from './figures/accepted.ts';
import { bareTurn } from './figures/bare.ts';
import { bullmqTurn } from './figures/bullmq.ts';
import { endToEndTurn, followedTurn } from './figures/end-to-end.ts';
import { perRequestTurn } from './figures/per-request.ts';
import { soldOutTurn } from './figures/sold-out.ts';
import type { MeasureOptions } from './measure.ts';
import { whole } from './result/table.ts';

const takeTurn: Readonly<
  Record<Contestant, (arena: Arena, options: MeasureOptions) => Promise<Omit<Turn, 'round'>>>
> = {
  bare: bareTurn,
  accepted: acceptedTurn,
  endToEnd: endToEndTurn('endToEnd'),
  endToEndFollowed: followedTurn,
  soldOut: soldOutTurn,
  perRequest: perRequestTurn('perRequest'),
  perRequestCall: perRequestTurn('perRequestCall'),
  bullmq: bullmqTurn,
};

export interface BenchOptions extends MeasureOptions {
  readonly rounds: number;
  readonly only: readonly Contestant[];
  readonly say: (line: string) => void;
}

/**
 * Lets the contestants take turns, in another order each round, so that neither a change of the machine nor what a
 * neighbour leaves behind favours one of them.
 */
export async function takeTurns(arena: Arena, options: BenchOptions): Promise<Turn[]> {
  const { rounds, only, say, signal } = options;
  const taking = contestants.filter((contestant) => only.includes(contestant));
  const turns: Turn[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of createRandom(Date.now(), round).shuffle(taking)) {
      signal.throwIfAborted();
      const turn = { ...(await takeTurn[contestant](arena, options).catch(failedTurn(contestant))), round };
      turns.push(turn);
      const rates = turn.figures.map(({ name, ordersPerSecond }) => `${name} ${whole(ordersPerSecond)}/s`);
      const verdict = turn.audit.passed ? 'audited' : `AUDIT FAILED: ${turn.audit.found}`;
      say(`round ${round}  ${contestant}: ${[...rates, verdict].join(', ')}`);
    }
  }
  return turns;
}

/** A turn that gave another answer than it should, or never ended, has no figure; the others still count. */
function failedTurn(contestant: Contestant): (error: Error & { code?: string }) => Omit<Turn, 'round'> {
  return (error) => {
    if (error.code !== 'unexpected-answers' && error.code !== 'drain-stalled') throw error;
    return { contestant, figures: [], answers: {}, audit: { passed: false, found: error.message } };
  };
}
