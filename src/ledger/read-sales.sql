-- Sales by opening time with their items by SKU: the sale $1, all of them where it is null; those that are archived only
-- where $2 says so. Items and sale are one snapshot.
SELECT s.sale_id,
       (extract(epoch FROM s.opens_at) * 1000)::double precision AS opens_at_ms,
       (extract(epoch FROM s.closes_at) * 1000)::double precision AS closes_at_ms,
       s.highest_sequence::double precision AS highest_sequence,
       s.epoch,
       s.archived_at IS NOT NULL AS archived,
       coalesce(
         (SELECT json_agg(
                   json_build_object(
                     'sku', i.sku, 'name', i.name, 'priceMinor', i.price_minor,
                     'stock', i.stock_initial, 'stockLeft', i.stock_left, 'customerLimit', i.customer_limit
                   )
                   ORDER BY i.sku
                 )
            FROM sale_items i WHERE i.sale_id = s.sale_id),
         '[]'
       ) AS items
  FROM sales s
 WHERE ($1::text IS NULL OR s.sale_id = $1) AND ($2::boolean OR s.archived_at IS NULL)
 ORDER BY s.opens_at, s.sale_id
