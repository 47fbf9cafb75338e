-- sluice_recompute_ranking: the ranking of a sale, computed anew from its confirmed orders.
--
-- Parameters:
--   p_sale_id      the sale
--   p_buyers_kept  how many of its first customers are kept
--
-- Result: the number of confirmed orders counted.
--
-- Atomic and repeatable: one autocommitted statement. Exact beside followers at work: the events of all orders
-- counted here are remembered as handled, so that none is counted again when it arrives; and with the lock on the
-- table, each follower has either written down all of its transaction, which is then seen and counted here, or
-- nothing of it yet, and adds its orders afterwards. The lock comes after the events, as it does there.

CREATE OR REPLACE FUNCTION sluice_recompute_ranking(p_sale_id text, p_buyers_kept integer)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  counted bigint;
BEGIN
  INSERT INTO follower_events (event_id, follower)
  SELECT o.sale_id || '/' || o.transaction_id || '/confirmed', 'ranking'
    FROM orders o
   WHERE o.sale_id = p_sale_id AND o.status = 'confirmed'
   ORDER BY 1
      ON CONFLICT DO NOTHING;

  LOCK TABLE ranking_sellers IN SHARE ROW EXCLUSIVE MODE;

  DELETE FROM ranking_sellers WHERE sale_id = p_sale_id;
  INSERT INTO ranking_sellers (sale_id, sku, pieces, orders)
  SELECT o.sale_id, o.sku, sum(o.quantity), count(*)
    FROM orders o
    JOIN follower_events e
      ON e.event_id = o.sale_id || '/' || o.transaction_id || '/confirmed' AND e.follower = 'ranking'
   WHERE o.sale_id = p_sale_id AND o.status = 'confirmed'
   GROUP BY o.sale_id, o.sku;

  DELETE FROM ranking_buyers WHERE sale_id = p_sale_id;
  INSERT INTO ranking_buyers (sale_id, customer_id, sku, sequence, accepted_at)
  SELECT first_of_each.*
    FROM (SELECT DISTINCT ON (o.customer_id) o.sale_id, o.customer_id, o.sku, o.sequence, o.accepted_at
            FROM orders o
            JOIN follower_events e
              ON e.event_id = o.sale_id || '/' || o.transaction_id || '/confirmed' AND e.follower = 'ranking'
           WHERE o.sale_id = p_sale_id AND o.status = 'confirmed'
           ORDER BY o.customer_id, o.sequence) first_of_each
   ORDER BY first_of_each.sequence
   LIMIT p_buyers_kept;

  SELECT coalesce(sum(s.orders), 0) INTO counted FROM ranking_sellers s WHERE s.sale_id = p_sale_id;
  RETURN counted;
END
$$;
