-- Where the follower ranking, which adds up what it is told, and the ledger disagree on a sale.
-- $1 sale ID.
-- Result: a row for each SKU with other numbers of orders or pieces. Reads only.
SELECT sku,
       coalesce(ledger.orders, 0)::int AS "ledgerOrders",
       coalesce(ledger.pieces, 0)::int AS "ledgerPieces",
       coalesce(ranking.orders, 0)::int AS "rankingOrders",
       coalesce(ranking.pieces, 0)::int AS "rankingPieces"
  FROM (SELECT sku, count(*) AS orders, sum(quantity) AS pieces
          FROM orders
         WHERE sale_id = $1
           AND status = 'confirmed'
         GROUP BY sku) ledger
  FULL JOIN (SELECT sku, orders, pieces
               FROM ranking_sellers
              WHERE sale_id = $1) ranking
 USING (sku)
 WHERE ledger.orders IS DISTINCT FROM ranking.orders
    OR ledger.pieces IS DISTINCT FROM ranking.pieces
