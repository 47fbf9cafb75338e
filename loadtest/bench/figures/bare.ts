import type { Arena } from '../arena.ts';
import type { Turn } from '../figure.ts';
import { type MeasureOptions, measure } from '../measure.ts';

/** The ceiling: the same route, schema and answer, and nothing behind it. */
export async function bareTurn(arena: Arena, options: MeasureOptions): Promise<Omit<Turn, 'round'>> {
  const target = { origin: arena.bareUrl, saleId: 'bench', sku: 'load', status: 202 };
  const { ordersPerSecond, cpuMicrosPerOrder, answers, sent } = await measure(arena, target, options);
  return {
    contestant: 'bare',
    figures: [{ name: 'bare', ordersPerSecond, cpuMicrosPerOrder }],
    answers,
    audit: { passed: answers[202] === sent, found: `${sent} sent, ${answers[202]} answered 202` },
  };
}
