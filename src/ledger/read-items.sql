-- The items of sale $1: limit, stock with restocks, and the stock their sale file declared at first.
SELECT i.sku, i.customer_limit, i.stock_initial,
       i.stock_initial - coalesce(
         (SELECT sum(r.pieces) FROM restocks r WHERE r.sale_id = i.sale_id AND r.sku = i.sku), 0
       )::integer AS stock_declared
  FROM sale_items i
 WHERE i.sale_id = $1
 ORDER BY i.sku
