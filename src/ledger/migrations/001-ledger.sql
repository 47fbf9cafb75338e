-- The ledger: sales with their stock, one row per settled order, the cap.
-- Names are collated "C": they are ASCII identifiers, compared and sorted byte by byte.

CREATE TABLE sales (
  sale_id text COLLATE "C" PRIMARY KEY,
  opens_at timestamptz NOT NULL,
  closes_at timestamptz NOT NULL,
  -- The highest claim sequence that was settled.
  highest_sequence bigint NOT NULL DEFAULT 0,
  -- Rises with each rebuild of the sale's claims.
  epoch integer NOT NULL DEFAULT 1,
  -- Set once the sale was taken out of Redis for good; its orders stay here.
  archived_at timestamptz,
  CHECK (closes_at > opens_at)
) WITH (fillfactor = 50);

CREATE TABLE sale_items (
  sale_id text COLLATE "C" NOT NULL REFERENCES sales,
  sku text COLLATE "C" NOT NULL,
  name text NOT NULL,
  price_minor bigint NOT NULL CHECK (price_minor >= 0),
  -- Pieces ever put on sale, restocks included.
  stock_initial integer NOT NULL CHECK (stock_initial >= 0),
  stock_left integer NOT NULL CHECK (stock_left >= 0),
  -- Pieces one customer may buy; null: no limit.
  customer_limit integer CHECK (customer_limit >= 1),
  PRIMARY KEY (sale_id, sku),
  CHECK (stock_left <= stock_initial)
) WITH (fillfactor = 50);
-- stock_left changes with every batch: half-empty pages keep those updates HOT, off the primary key's index.

CREATE TABLE orders (
  sale_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  sku text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  quantity integer NOT NULL,
  status text COLLATE "C" NOT NULL CHECK (status IN ('confirmed', 'rejected', 'failed')),
  reason text COLLATE "C",
  fingerprint text COLLATE "C" NOT NULL
    GENERATED ALWAYS AS (sku || ' ' || quantity::text || ' ' || customer_id) STORED,
  -- Place in the sale's line.
  sequence bigint NOT NULL,
  -- Redis time of the claim.
  accepted_at timestamptz NOT NULL,
  -- clock_timestamp() under the cap's lock: what the cap's bound is stated in.
  settled_at timestamptz NOT NULL,
  PRIMARY KEY (sale_id, transaction_id),
  -- An order that can't be right is still recorded as failed.
  CONSTRAINT orders_quantity_check CHECK (status = 'failed' OR quantity BETWEEN 1 AND 1000),
  CONSTRAINT orders_reason_check CHECK (
    CASE status
      WHEN 'confirmed' THEN reason IS NULL
      WHEN 'rejected' THEN coalesce(reason IN ('sold-out', 'customer-limit'), false)
      ELSE coalesce(reason IN ('unknown-sku', 'dead-lettered', 'purged'), false)
    END
  )
);
-- No foreign key to sales: an order of an unknown sale is recorded too, as failed.

-- "How many pieces of this SKU does this customer have?", answered from the index alone.
CREATE INDEX orders_confirmed_pieces ON orders (sale_id, sku, customer_id) INCLUDE (quantity)
  WHERE status = 'confirmed';

-- Orders arrive in order of settled_at, so a few kilobytes of BRIN serve the audit's sliding seconds.
CREATE INDEX orders_settled_at ON orders USING brin (settled_at) WITH (pages_per_range = 32);

CREATE TABLE restocks (
  sale_id text COLLATE "C" NOT NULL,
  restock_id text COLLATE "C" NOT NULL,
  sku text COLLATE "C" NOT NULL,
  pieces integer NOT NULL CHECK (pieces >= 1),
  restocked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (sale_id, restock_id),
  FOREIGN KEY (sale_id, sku) REFERENCES sale_items
);

CREATE TABLE drain_cap (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  orders_per_second integer NOT NULL CHECK (orders_per_second BETWEEN 1 AND 1000000),
  paused boolean NOT NULL DEFAULT false,
  reason text NOT NULL,
  -- GCRA's theoretical arrival time, nanoseconds since the epoch: see cap-rule.ts.
  booked_until_ns bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO drain_cap (orders_per_second, reason) VALUES (2000, 'configured');
