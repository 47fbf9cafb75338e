-- Marks the failed order $2 of sale $1 as purged, if it is this order ($3 SKU, $4 pieces, $5 customer). One row
-- with its settled_at in milliseconds since the epoch; none where there is no such order, or it is not failed, as
-- when it was redriven meanwhile. Atomic: one statement. Repeatable: a purged order stays purged.
UPDATE orders
   SET reason = 'purged'
 WHERE sale_id = $1 AND transaction_id = $2 AND sku = $3 AND quantity = $4::integer AND customer_id = $5
   AND status = 'failed'
RETURNING floor(extract(epoch FROM settled_at) * 1000)::double precision AS settled_at_ms
