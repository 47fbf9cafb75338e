import type { FastifyInstance } from 'fastify';
import { type ProblemName, problems } from '../problems.ts';
import type { Shop } from './layout.ts';
import { refusalPage, type SentForm } from './order-page.ts';
import { asShopPage, wordsFor } from './page-routes.ts';
import { chooseLanguage } from './words.ts';

/** Problems after which the same order may be sent again. */
const passing: ReadonlySet<ProblemName> = new Set<ProblemName>([
  'unavailable',
  'outcome-unknown',
  'rate-limited',
  'sale-not-open',
  'internal',
  'request-timeout',
]);
const afterSecondsOtherwise = 5;

/** Turns the problem replies of an app's routes into pages: these routes are opened by people. */
export function problemsAsPages(app: FastifyInstance, shop: Shop): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (reply.getHeader('content-type') !== 'application/problem+json') return payload;
    const { type, detail } = JSON.parse(String(payload)) as { type: string; detail?: string };
    const problem = nameOf(type);
    const form = isForm(request.body) ? request.body : undefined;
    const words = form
      ? shop.texts[chooseLanguage(form.lang, request.headers['accept-language'])]
      : wordsFor(shop, request as never);
    const afterSeconds = Number(reply.getHeader('retry-after') ?? afterSecondsOtherwise);
    const params = request.params as { saleId?: string };
    const page = refusalPage(shop, words, {
      problem,
      detail,
      saleId: form?.sale ?? params.saleId,
      again: form && passing.has(problem) ? { form, afterSeconds } : undefined,
      isPassing: !form && passing.has(problem),
    });
    asShopPage(reply, words)
      .header('cache-control', 'no-store')
      .header('referrer-policy', 'no-referrer')
      .type('text/html; charset=utf-8')
      .removeHeader('content-length');
    return page;
  });
}

function nameOf(type: string): ProblemName {
  const name = type.slice('/problems/'.length);
  return Object.hasOwn(problems, name) ? (name as ProblemName) : 'internal';
}

/** Fields as they were sent. What is no text could not be sent again as it was. */
function isForm(body: unknown): body is SentForm {
  return (
    typeof body === 'object' &&
    body !== null &&
    Object.values(body).every((value) => typeof value === 'string')
  );
}
