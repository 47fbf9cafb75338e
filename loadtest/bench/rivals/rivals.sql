-- The tables that the alternatives write to, in a database of their own on Sluice's server. Run once.

-- One transaction per request: stock and orders.
CREATE SCHEMA per_request;

CREATE TABLE per_request.stock (
  sale_id text COLLATE "C" NOT NULL,
  sku text COLLATE "C" NOT NULL,
  stock_left integer NOT NULL CHECK (stock_left >= 0),
  PRIMARY KEY (sale_id, sku)
) WITH (fillfactor = 50);

CREATE TABLE per_request.orders (
  sale_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  sku text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  quantity integer NOT NULL,
  accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (sale_id, transaction_id)
);

-- Returns 'confirmed', 'replayed' or 'sold-out'. The order is written before the stock is taken, so that the one
-- row that everybody needs is locked for as short a time as possible: from there to the commit.
CREATE FUNCTION per_request.place_order(
  p_sale_id text, p_transaction_id text, p_sku text, p_customer_id text, p_quantity integer
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO per_request.orders (sale_id, transaction_id, sku, customer_id, quantity)
  VALUES (p_sale_id, p_transaction_id, p_sku, p_customer_id, p_quantity)
  ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN 'replayed';
  END IF;
  UPDATE per_request.stock SET stock_left = stock_left - p_quantity
   WHERE sale_id = p_sale_id AND sku = p_sku AND stock_left >= p_quantity;
  IF NOT FOUND THEN
    DELETE FROM per_request.orders WHERE sale_id = p_sale_id AND transaction_id = p_transaction_id;
    RETURN 'sold-out';
  END IF;
  RETURN 'confirmed';
END
$$;

-- BullMQ's worker: orders only.
CREATE SCHEMA bullmq;

CREATE TABLE bullmq.orders (LIKE per_request.orders INCLUDING ALL);
