import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../platform/clock.ts';
import type { BoardSale, SaleBoard } from '../sale-board.ts';
import { saleState } from '../sale-state.ts';
import { type Asset, createAsset, sendAsset } from './assets.ts';
import type { Shop } from './layout.ts';
import { salePage } from './sale-page.ts';
import { salesPage } from './sales-page.ts';
import { chooseLanguage, type Words } from './words.ts';

export interface PageQuery {
  Querystring: Readonly<Record<string, unknown>>;
}

/** Nobody waits longer for news than this, and a cache in front takes the crowd that reloads. */
const pageCaching = 'public, max-age=10';
const versionCaching = 'public, max-age=31536000, immutable';
/** Scripts, styles and requests of its own only; no script or style within the page, nobody's frame. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Headers that all pages of the shop share. */
export function asShopPage(reply: FastifyReply, words: Words): FastifyReply {
  return reply
    .header('content-security-policy', policy)
    .header('content-language', words.language)
    .header('vary', 'accept-language, accept-encoding');
}

/** The words a shopper is spoken to with. */
export function wordsFor(shop: Shop, request: FastifyRequest<PageQuery>): Words {
  return shop.texts[chooseLanguage(request.query.lang, request.headers['accept-language'])];
}

/** `GET /` and what the page loads: answered from memory. */
export function pageRoutes(
  app: FastifyInstance,
  deps: {
    shop: Shop;
    files: ReadonlyMap<string, Asset>;
    version: string;
    board: Pick<SaleBoard, 'sale' | 'sales'>;
    clock: Pick<Clock, 'nowMs'>;
  },
): void {
  const { shop, board, clock } = deps;
  /** The board makes new sales when anything in them changes; the pages of the old ones go with them. */
  const pages = new WeakMap<BoardSale, Map<string, Asset>>();

  function pageOf(sale: BoardSale, words: Words): Asset {
    const ofSale = pages.get(sale) ?? new Map<string, Asset>();
    pages.set(sale, ofSale);
    const state = saleState(sale, clock.nowMs());
    const key = `${words.language} ${state}`;
    let page = ofSale.get(key);
    if (!page) {
      page = createAsset('text/html; charset=utf-8', salePage(shop, words, sale, state));
      ofSale.set(key, page);
    }
    return page;
  }

  app.get<PageQuery>('/', { schema: { hide: true } }, async (request, reply) => {
    const words = wordsFor(shop, request);
    const sales = [...board.sales()].sort((a, b) => a.opensAtMs - b.opensAtMs);
    const named = request.query.sale;
    const sale =
      named === undefined ? (sales.length === 1 ? sales[0] : undefined) : board.sale(String(named));
    asShopPage(reply, words);
    if (sale) return sendAsset(request, reply, pageOf(sale, words), pageCaching);
    return reply
      .code(named === undefined ? 200 : 404)
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(salesPage(shop, words, { sales, nowMs: clock.nowMs(), unknown: named !== undefined }));
  });

  app.get<{ Params: { version: string; file: string } }>(
    '/shop/assets/:version/:file',
    { schema: { hide: true } },
    async (request, reply) => {
      const asset = deps.files.get(request.params.file);
      if (!asset) return reply.callNotFound();
      // A page that another release has sent finds its parts too, but they are not that version for good.
      const isOwn = request.params.version === deps.version;
      reply.header('vary', 'accept-encoding');
      return sendAsset(request, reply, asset, isOwn ? versionCaching : 'no-cache');
    },
  );
}
