import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import type { IntakeMetrics } from '../../platform/metrics.ts';
import type { CallerCheck } from '../caller.ts';
import type { PlaceOrder } from '../place-order.ts';
import type { StatusReader } from '../read-status.ts';
import type { SaleBoard } from '../sale-board.ts';
import type { ReadStock } from '../stock-figures.ts';
import { readAssets } from './assets.ts';
import { formRoutes } from './form-routes.ts';
import type { Shop } from './layout.ts';
import { pageRoutes } from './page-routes.ts';
import { type Language, languages, readWords, type Words } from './words.ts';

/**
 * The shop page: what shoppers see at `/`, in the languages there are files for, and the form for those without
 * JavaScript. Everything it loads is read once, here, and answered from memory.
 */
export async function shopRoutes(
  app: FastifyInstance,
  deps: {
    board: SaleBoard;
    readStock: ReadStock;
    place: PlaceOrder;
    status: StatusReader;
    callerCheck: CallerCheck;
    customerFromToken: boolean;
    /** ISO 4217; prices are in its minor unit. */
    currency: string;
    metrics: IntakeMetrics;
    clock: Pick<Clock, 'nowMs'>;
  },
): Promise<void> {
  const { customerFromToken, currency } = deps;
  const texts = Object.fromEntries(
    languages.map((language) => [language, readWords(language, currency)]),
  ) as Record<Language, Words>;
  const { files, version } = readAssets(
    Object.fromEntries(languages.map((language) => [`${language}.json`, texts[language].json])),
  );
  const shop: Shop = {
    texts,
    assets: `/shop/assets/${version}`,
    modules: [...files.keys()].filter((name) => name.endsWith('.js')),
    customerFromToken,
  };
  pageRoutes(app, { ...deps, shop, files, version });
  await app.register(async (forms) => formRoutes(forms, { ...deps, shop }));
}
