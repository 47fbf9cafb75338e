-- Up to $3 settled orders of sale $1, by transaction ID, after $2. Times in milliseconds since the epoch.
-- A page starts where the last one ended, so that orders written meanwhile shift nothing.
SELECT sale_id, transaction_id, sku, customer_id, quantity, status, reason,
       sequence::double precision AS sequence,
       floor(extract(epoch FROM accepted_at) * 1000)::double precision AS accepted_at_ms,
       floor(extract(epoch FROM settled_at) * 1000)::double precision AS settled_at_ms
  FROM orders
 WHERE sale_id = $1 AND transaction_id > $2
 ORDER BY transaction_id
 LIMIT $3
