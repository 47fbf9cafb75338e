-- Written by the follower loyalty: one entry per confirmed order, which stays when the sale is removed.
CREATE TABLE loyalty_entries (
  sale_id text COLLATE "C" NOT NULL,
  transaction_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  points bigint NOT NULL CHECK (points >= 0),
  earned_at timestamptz NOT NULL,
  PRIMARY KEY (sale_id, transaction_id)
);
CREATE INDEX loyalty_entries_customer ON loyalty_entries (customer_id) INCLUDE (points);

-- Written by the follower ranking. Both follow from `orders` and can be computed anew.
CREATE TABLE ranking_sellers (
  sale_id text COLLATE "C" NOT NULL,
  sku text COLLATE "C" NOT NULL,
  pieces bigint NOT NULL,
  orders bigint NOT NULL,
  PRIMARY KEY (sale_id, sku)
) WITH (fillfactor = 50);

-- A customer's first confirmed order in a sale, of the first customers only.
CREATE TABLE ranking_buyers (
  sale_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  sku text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  accepted_at timestamptz NOT NULL,
  PRIMARY KEY (sale_id, customer_id)
) WITH (fillfactor = 50);
CREATE INDEX ranking_buyers_sequence ON ranking_buyers (sale_id, sequence);
