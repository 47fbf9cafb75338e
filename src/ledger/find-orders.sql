-- The settled orders of sale $1 among the transaction IDs $2. Times in milliseconds since the epoch.
SELECT sale_id, transaction_id, sku, customer_id, quantity, status, reason,
       sequence::double precision AS sequence,
       floor(extract(epoch FROM accepted_at) * 1000)::double precision AS accepted_at_ms,
       floor(extract(epoch FROM settled_at) * 1000)::double precision AS settled_at_ms
  FROM orders
 WHERE sale_id = $1 AND transaction_id = ANY ($2::text[])
