-- sluice_redrive_order: tries a failed order once more; the one way from failed to confirmed.
--
-- Parameters, as for sluice_settle_batch, of one order:
--   p_sale_id, p_transaction_id, p_sku, p_customer_id
--   p_quantity          pieces
--   p_sequence          place in the sale's line
--   p_claimed_at_ms     milliseconds since the epoch
--   p_batch_max_orders  the caller's largest batch, orders
--
-- Result, one row:
--   verdict             written   confirmed now
--                       standing  the row is settled for good: confirmed, rejected or purged
--                       differs   the failed row of this transaction ID is another order
--                       refused   stock, limit or SKU forbid it
--                       wait | paused, as for a batch
--                       All but `written` left no trace: a failed row stays as it is.
--   code                c, s, l, u as in sluice_settle_batch, of what was decided now (null: nothing was)
--   status, reason      of a standing row
--   settled_at_ms       of the order as it stands, or as it was confirmed now
--   wait_us             microseconds until it may come again
--
-- Atomic and repeatable: one autocommitted statement. The cap's lock comes first, as in a batch, so a twin in a
-- batch finds either the failed row or the confirmed one. The row makes room for its successor within a
-- subtransaction, and sluice_settle_batch decides as for any order: cap, stock, customer limit. Unless it
-- confirms, the subtransaction is undone. The row is locked, so that a purge comes before or after.

CREATE OR REPLACE FUNCTION sluice_redrive_order(
  p_sale_id text,
  p_transaction_id text,
  p_sku text,
  p_customer_id text,
  p_quantity integer,
  p_sequence bigint,
  p_claimed_at_ms bigint,
  p_batch_max_orders integer,
  OUT verdict text,
  OUT code text,
  OUT status text,
  OUT reason text,
  OUT settled_at_ms double precision,
  OUT wait_us double precision
)
LANGUAGE plpgsql
AS $$
<<redrive>>
DECLARE
  standing record;
  outcome record;
BEGIN
  PERFORM FROM drain_cap c WHERE c.only_row FOR NO KEY UPDATE;
  SELECT o.status, o.reason, o.sku, o.quantity, o.customer_id,
         floor(extract(epoch FROM o.settled_at) * 1000)::double precision AS settled_ms
    INTO standing
    FROM orders o
   WHERE o.sale_id = p_sale_id AND o.transaction_id = p_transaction_id
     FOR UPDATE;
  IF FOUND THEN
    IF standing.status <> 'failed' OR standing.reason = 'purged' THEN
      verdict := 'standing';
      status := standing.status;
      reason := standing.reason;
      settled_at_ms := standing.settled_ms;
      RETURN;
    END IF;
    IF (standing.sku, standing.quantity, standing.customer_id) <> (p_sku, p_quantity, p_customer_id) THEN
      verdict := 'differs';
      RETURN;
    END IF;
  END IF;

  BEGIN
    DELETE FROM orders o WHERE o.sale_id = p_sale_id AND o.transaction_id = p_transaction_id;
    SELECT * INTO outcome FROM sluice_settle_batch(
      ARRAY[p_sale_id], ARRAY[p_transaction_id], ARRAY[p_sku], ARRAY[p_customer_id], ARRAY[p_quantity],
      ARRAY[p_sequence], ARRAY[p_claimed_at_ms], p_batch_max_orders, NULL
    );
    IF outcome.verdict IS DISTINCT FROM 'written' OR outcome.codes IS DISTINCT FROM 'c' THEN
      RAISE EXCEPTION USING ERRCODE = 'SL001', MESSAGE = 'the order is not confirmed';
    END IF;
  EXCEPTION WHEN SQLSTATE 'SL001' THEN
    -- Undoes the block's writes; its variables keep what they hold.
    NULL;
  END;
  verdict := outcome.verdict;
  wait_us := outcome.wait_us;
  IF verdict = 'written' THEN
    code := outcome.codes;
    settled_at_ms := outcome.settled_at_ms;
    IF code <> 'c' THEN
      verdict := 'refused';
    END IF;
  END IF;
END
$$;
