-- Removes up to $2 orders of sale $1, and that followers have handled them; few enough to end long before the
-- statement timeout. One row: how many orders.
WITH page AS (
  SELECT transaction_id FROM orders WHERE sale_id = $1 ORDER BY transaction_id LIMIT $2
), forgotten AS (
  DELETE FROM follower_events f
   USING page p, unnest(ARRAY['confirmed', 'rejected', 'failed']) AS possible (status)
   WHERE f.event_id = $1 || '/' || p.transaction_id || '/' || possible.status
), removed AS (
  DELETE FROM orders o USING page p WHERE o.sale_id = $1 AND o.transaction_id = p.transaction_id RETURNING 1
)
SELECT count(*)::integer AS removed FROM removed
