-- sluice_settle_batch: writes one batch of claimed orders under the cap.
--
-- Parameters, one array element per order, in order of the batch:
--   p_sale_ids, p_transaction_ids, p_skus, p_customer_ids
--   p_quantities        pieces
--   p_sequences         place in the sale's line
--   p_claimed_at_ms     milliseconds since the epoch
-- and
--   p_batch_max_orders  the caller's largest batch, orders
--   p_fail_reason       not null: write what is new as failed for this reason, touch no stock, ignore the pause
--
-- Result, one row:
--   verdict             written | wait | too-large | paused; all but `written` left no trace
--   codes               one character per order: c confirmed, s sold-out, l customer-limit, u unknown-sku,
--                       d dead-lettered, p purged; the capital letter where the order was there before, in the
--                       ledger or in the batch
--   settled_at_ms       of the orders written now
--   known_settled_at_ms of the orders with capital letters, in their order; null: written now
--   wait_us             microseconds until as large a batch may come (again); 0: at once
--   cap_orders_per_second, cap_paused, cap_reason, cap_burst_orders
--
-- Atomic and repeatable: the caller sends it as one autocommitted statement. The lock on the one row of drain_cap
-- puts all batches of a cluster in line, so that what another batch committed is visible to the statements after
-- it (READ COMMITTED, a new snapshot per statement), and a repeated batch finds its own orders. Locks are taken
-- in the order drain_cap, sale_items by (sale_id, sku), sales; operations keep to the same order.
--
-- Most batches hold nothing but new orders for stock that is there, of SKUs without a customer limit. Those take
-- the short way: confirmed as a whole. A transaction ID that is there already, or twice in the batch, fails on the
-- primary key, which undoes the short way; the long one recognises it. Both come to the same result.
--
-- The planner settings hold for these statements only: without them the batch is hash-joined with all of
-- `orders`, at a cost that grows with the table, and compiled by JIT on every call. See
-- docs/decisions/ledger-function.md.

CREATE OR REPLACE FUNCTION sluice_settle_batch(
  p_sale_ids text[],
  p_transaction_ids text[],
  p_skus text[],
  p_customer_ids text[],
  p_quantities integer[],
  p_sequences bigint[],
  p_claimed_at_ms bigint[],
  p_batch_max_orders integer,
  p_fail_reason text,
  OUT verdict text,
  OUT codes text,
  OUT settled_at_ms double precision,
  OUT known_settled_at_ms double precision[],
  OUT wait_us double precision,
  OUT cap_orders_per_second integer,
  OUT cap_paused boolean,
  OUT cap_reason text,
  OUT cap_burst_orders integer
)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
<<batch>>
DECLARE
  batch_orders constant integer := coalesce(cardinality(p_transaction_ids), 0);
  booked_until_ns bigint;
  busy_until timestamptz;
  settled_at timestamptz;
  ended_at timestamptz;
  now_ns bigint;
  new_orders integer;
  -- How far ahead of now the cap may be booked for a batch of this size to pass.
  tolerance_ns bigint;
  wait_ns bigint;
  -- Per order: place of its first twin (itself where it has none), code, ordinal of its item and of its buyer.
  first_of integer[];
  code_of text[];
  item_of integer[];
  buyer_of integer[];
  -- Per item: sale, SKU, pieces left (null: unknown), pieces sold now, limit.
  item_sales text[];
  item_skus text[];
  item_sold integer[];
  item_left integer[] := '{}';
  item_limit integer[] := '{}';
  any_limit boolean := false;
  -- Per buyer of an item: pieces confirmed.
  buyer_pieces bigint[];
  plenty boolean;
  item record;
  stock record;
  i integer;
  k integer;
  b integer;
  pieces integer;
BEGIN
  IF p_fail_reason NOT IN ('unknown-sku', 'dead-lettered', 'purged') THEN
    RAISE invalid_parameter_value USING MESSAGE = format('%s is no reason for a failed order', p_fail_reason);
  END IF;

  -- 1. The cap. The first look takes no lock and writes nothing, so that drainers that come too early neither
  -- queue up nor cost a flush of the log; the second puts batches in line, one at a time.
  FOR look IN 1 .. 2 LOOP
    IF look = 1 THEN
      SELECT c.orders_per_second, c.paused, c.reason, c.booked_until_ns, c.busy_until
        INTO STRICT cap_orders_per_second, cap_paused, cap_reason, booked_until_ns, busy_until
        FROM drain_cap c WHERE c.only_row;
    ELSE
      SELECT c.orders_per_second, c.paused, c.reason, c.booked_until_ns, c.busy_until
        INTO STRICT cap_orders_per_second, cap_paused, cap_reason, booked_until_ns, busy_until
        FROM drain_cap c WHERE c.only_row FOR NO KEY UPDATE;
    END IF;
    cap_burst_orders := least(p_batch_max_orders, greatest(1, cap_orders_per_second / 20));
    IF cap_paused AND p_fail_reason IS NULL THEN
      verdict := 'paused';
      RETURN;
    END IF;
    settled_at := clock_timestamp();
    now_ns := (extract(epoch FROM settled_at) * 1000000)::bigint * 1000;
    -- The rule and its proof are in cap-rule.ts. This line forgives what only a clock that was set back, or a cap
    -- that was lower before, can have booked.
    booked_until_ns := least(
      booked_until_ns,
      now_ns + (10 * greatest(1, cap_orders_per_second / 20) + 9)::bigint * 100000000 / cap_orders_per_second
    );
    tolerance_ns := (10 * (cap_burst_orders - batch_orders) + 9)::bigint * 100000000 / cap_orders_per_second;
    wait_ns := booked_until_ns - now_ns - tolerance_ns;
    -- What is known never waits.
    IF look = 1 AND wait_ns > 0 AND batch_orders BETWEEN 1 AND cap_burst_orders AND NOT EXISTS (
      SELECT FROM unnest(p_sale_ids, p_transaction_ids) AS n (sale_id, transaction_id)
        JOIN orders o ON o.sale_id = n.sale_id COLLATE "C" AND o.transaction_id = n.transaction_id COLLATE "C"
    ) THEN
      verdict := 'wait';
      wait_us := ceil(wait_ns / 1000.0);
      RETURN;
    END IF;
  END LOOP;

  -- 2. The short way.
  IF p_fail_reason IS NULL AND batch_orders BETWEEN 1 AND cap_burst_orders AND wait_ns <= 0 THEN
    SELECT array_agg(l.sale_id), array_agg(l.sku), array_agg(l.pieces),
           sum(l.orders) = batch_orders AND bool_and(l.plenty)
      INTO item_sales, item_skus, item_sold, plenty
      FROM (
        SELECT s.sale_id, s.sku, n.pieces, n.orders,
               s.customer_limit IS NULL AND s.stock_left >= n.pieces AS plenty
          FROM (
            SELECT u.sale_id COLLATE "C" AS sale_id, u.sku COLLATE "C" AS sku,
                   sum(u.quantity) AS pieces, count(*) AS orders
              FROM unnest(p_sale_ids, p_skus, p_quantities) AS u (sale_id, sku, quantity)
             GROUP BY 1, 2
          ) n
          JOIN sale_items s ON s.sale_id = n.sale_id AND s.sku = n.sku
         ORDER BY s.sale_id, s.sku
           FOR NO KEY UPDATE OF s
      ) l;
    IF plenty THEN
      BEGIN
        INSERT INTO orders (
          sale_id, transaction_id, sku, customer_id, quantity, status, sequence, accepted_at, settled_at
        )
        SELECT n.sale_id, n.transaction_id, n.sku, n.customer_id, n.quantity, 'confirmed', n.sequence,
               timestamptz 'epoch' + n.claimed_at_ms * interval '1 millisecond',
               batch.settled_at
          FROM unnest(
                 p_sale_ids, p_transaction_ids, p_skus, p_customer_ids, p_quantities, p_sequences, p_claimed_at_ms
               ) AS n (sale_id, transaction_id, sku, customer_id, quantity, sequence, claimed_at_ms);
        new_orders := batch_orders;
        codes := repeat('c', batch_orders);
      EXCEPTION WHEN unique_violation THEN
        NULL;
      END;
    END IF;
  END IF;

  IF codes IS NULL THEN
    -- 3. The long way. What is there already, and twins: known orders get a capital, new ones a dash.
    SELECT array_agg(m.first_twin ORDER BY m.ord),
           array_agg(m.code ORDER BY m.ord),
           array_agg(m.settled_ms ORDER BY m.ord) FILTER (WHERE m.code <> '-' OR m.first_twin < m.ord),
           count(*) FILTER (WHERE m.code = '-' AND m.first_twin = m.ord)
      INTO first_of, code_of, known_settled_at_ms, new_orders
      FROM (
        SELECT n.ord::integer AS ord,
               (min(n.ord) OVER (PARTITION BY n.sale_id COLLATE "C", n.transaction_id COLLATE "C"))::integer
                 AS first_twin,
               CASE
                 WHEN o.status IS NULL THEN '-'
                 WHEN o.status = 'confirmed' THEN 'C'
                 ELSE CASE o.reason
                   WHEN 'sold-out' THEN 'S'
                   WHEN 'customer-limit' THEN 'L'
                   WHEN 'unknown-sku' THEN 'U'
                   WHEN 'dead-lettered' THEN 'D'
                   ELSE 'P'
                 END
               END AS code,
               floor(extract(epoch FROM o.settled_at) * 1000)::double precision AS settled_ms
          FROM unnest(p_sale_ids, p_transaction_ids) WITH ORDINALITY AS n (sale_id, transaction_id, ord)
          LEFT JOIN orders o
            ON o.sale_id = n.sale_id COLLATE "C" AND o.transaction_id = n.transaction_id COLLATE "C"
      ) m;
    IF coalesce(new_orders, 0) = 0 THEN
      verdict := 'written';
      wait_us := 0;
      codes := coalesce(array_to_string(code_of, ''), '');
      RETURN;
    END IF;
    IF new_orders > cap_burst_orders THEN
      verdict := 'too-large';
      RETURN;
    END IF;
    tolerance_ns := (10 * (cap_burst_orders - new_orders) + 9)::bigint * 100000000 / cap_orders_per_second;
    wait_ns := booked_until_ns - now_ns - tolerance_ns;
    IF wait_ns > 0 THEN
      verdict := 'wait';
      wait_us := ceil(wait_ns / 1000.0);
      RETURN;
    END IF;

    item_sales := '{}';
    item_skus := '{}';
    item_sold := '{}';
    IF p_fail_reason IS NULL THEN
      -- Lock the stock, in one order everywhere.
      SELECT array_agg(r.item ORDER BY r.ord) INTO item_of
        FROM (
          SELECT n.ord, dense_rank() OVER (ORDER BY n.sale_id COLLATE "C", n.sku COLLATE "C")::integer AS item
            FROM unnest(p_sale_ids, p_skus) WITH ORDINALITY AS n (sale_id, sku, ord)
        ) r;
      FOR item IN
        SELECT DISTINCT n.sale_id COLLATE "C" AS sale_id, n.sku COLLATE "C" AS sku
          FROM unnest(p_sale_ids, p_skus) AS n (sale_id, sku)
         ORDER BY 1, 2
      LOOP
        k := cardinality(item_sales) + 1;
        item_sales[k] := item.sale_id;
        item_skus[k] := item.sku;
        item_sold[k] := 0;
        SELECT s.stock_left, s.customer_limit INTO stock
          FROM sale_items s
         WHERE s.sale_id = item.sale_id AND s.sku = item.sku
           FOR NO KEY UPDATE;
        item_left[k] := stock.stock_left;
        item_limit[k] := stock.customer_limit;
        any_limit := any_limit OR item_limit[k] IS NOT NULL;
      END LOOP;
      IF any_limit THEN
        SELECT array_agg(r.buyer ORDER BY r.ord) INTO buyer_of
          FROM (
            SELECT n.ord,
                   dense_rank() OVER (
                     ORDER BY n.sale_id COLLATE "C", n.sku COLLATE "C", n.customer_id COLLATE "C"
                   )::integer AS buyer
              FROM unnest(p_sale_ids, p_skus, p_customer_ids) WITH ORDINALITY
                AS n (sale_id, sku, customer_id, ord)
          ) r;
        SELECT array_agg(h.pieces ORDER BY d.sale_id, d.sku, d.customer_id) INTO buyer_pieces
          FROM (
            SELECT DISTINCT n.sale_id COLLATE "C" AS sale_id, n.sku COLLATE "C" AS sku,
                   n.customer_id COLLATE "C" AS customer_id
              FROM unnest(p_sale_ids, p_skus, p_customer_ids) AS n (sale_id, sku, customer_id)
          ) d
          CROSS JOIN LATERAL (
            SELECT coalesce(sum(o.quantity), 0)::bigint AS pieces
              FROM orders o
             WHERE o.sale_id = d.sale_id AND o.sku = d.sku AND o.customer_id = d.customer_id
               AND o.status = 'confirmed'
          ) h;
      END IF;
    END IF;

    -- Decide, first come, first served.
    FOR i IN 1 .. batch_orders LOOP
      CONTINUE WHEN code_of[i] <> '-';
      IF first_of[i] <> i THEN
        code_of[i] := upper(code_of[first_of[i]]);
        CONTINUE;
      END IF;
      k := item_of[i];
      pieces := p_quantities[i];
      b := buyer_of[i];
      code_of[i] := CASE
        WHEN p_fail_reason = 'unknown-sku' THEN 'u'
        WHEN p_fail_reason = 'dead-lettered' THEN 'd'
        WHEN p_fail_reason = 'purged' THEN 'p'
        WHEN item_left[k] IS NULL THEN 'u'
        WHEN item_left[k] < pieces THEN 's'
        WHEN buyer_pieces[b] + pieces > item_limit[k] THEN 'l'
        ELSE 'c'
      END;
      IF code_of[i] = 'c' THEN
        item_left[k] := item_left[k] - pieces;
        item_sold[k] := item_sold[k] + pieces;
        IF any_limit THEN
          buyer_pieces[b] := buyer_pieces[b] + pieces;
        END IF;
      END IF;
    END LOOP;

    INSERT INTO orders (
      sale_id, transaction_id, sku, customer_id, quantity, status, reason, sequence, accepted_at, settled_at
    )
    SELECT n.sale_id, n.transaction_id, n.sku, n.customer_id, n.quantity,
           CASE n.code WHEN 'c' THEN 'confirmed' WHEN 's' THEN 'rejected' WHEN 'l' THEN 'rejected' ELSE 'failed' END,
           CASE n.code
             WHEN 's' THEN 'sold-out'
             WHEN 'l' THEN 'customer-limit'
             WHEN 'u' THEN 'unknown-sku'
             WHEN 'd' THEN 'dead-lettered'
             WHEN 'p' THEN 'purged'
           END,
           n.sequence,
           timestamptz 'epoch' + n.claimed_at_ms * interval '1 millisecond',
           batch.settled_at
      FROM unnest(
             p_sale_ids, p_transaction_ids, p_skus, p_customer_ids, p_quantities, p_sequences, p_claimed_at_ms,
             code_of, first_of
           ) WITH ORDINALITY
           AS n (
             sale_id, transaction_id, sku, customer_id, quantity, sequence, claimed_at_ms,
             code, first_twin, ord
           )
     WHERE n.first_twin = n.ord AND n.code IN ('c', 's', 'l', 'u', 'd', 'p');

    codes := array_to_string(code_of, '');
  END IF;

  -- 4. Take the stock.
  UPDATE sale_items s
     SET stock_left = s.stock_left - n.sold
    FROM unnest(item_sales, item_skus, item_sold) AS n (sale_id, sku, sold)
   WHERE s.sale_id = n.sale_id COLLATE "C" AND s.sku = n.sku COLLATE "C" AND n.sold > 0;

  UPDATE sales s
     SET highest_sequence = n.sequence
    FROM (
      SELECT u.sale_id COLLATE "C" AS sale_id, max(u.sequence) AS sequence
        FROM unnest(p_sale_ids, p_sequences) AS u (sale_id, sequence)
       GROUP BY 1
    ) n
   WHERE s.sale_id = n.sale_id AND s.highest_sequence < n.sequence
     -- Reaches the batch's sales by the primary key, where the join alone would walk through all sales.
     AND s.sale_id = ANY (p_sale_ids COLLATE "C");

  -- 5. Book, and note for how long the database was at work: while a batch waits for the one before it, on that one's
  -- commit.
  booked_until_ns := greatest(booked_until_ns, now_ns)
    + (new_orders::bigint * 1000000000 + cap_orders_per_second - 1) / cap_orders_per_second;
  ended_at := clock_timestamp();
  UPDATE drain_cap c
     SET booked_until_ns = batch.booked_until_ns, busy_until = batch.ended_at
   WHERE c.only_row;
  INSERT INTO drain_seconds AS d (second, busy_us)
  VALUES (
    floor(extract(epoch FROM ended_at)),
    extract(epoch FROM ended_at - least(ended_at, greatest(statement_timestamp(), busy_until))) * 1000000
  )
  ON CONFLICT (second) DO UPDATE SET busy_us = d.busy_us + excluded.busy_us;

  verdict := 'written';
  wait_us := greatest(0, ceil((booked_until_ns - now_ns - tolerance_ns) / 1000.0));
  settled_at_ms := floor(extract(epoch FROM settled_at) * 1000);
END
$$;
