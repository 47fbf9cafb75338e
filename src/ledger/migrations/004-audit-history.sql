-- What an audit needs to know of the past: the customer limits that stood, and how busy the database was.

-- Every customer limit there was (null: none).
CREATE TABLE limit_changes (
  sale_id text COLLATE "C" NOT NULL,
  sku text COLLATE "C" NOT NULL,
  changed_at timestamptz NOT NULL,
  customer_limit integer,
  FOREIGN KEY (sale_id, sku) REFERENCES sale_items ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX limit_changes_item ON limit_changes (sale_id, sku, changed_at);

INSERT INTO limit_changes (sale_id, sku, changed_at, customer_limit)
SELECT i.sale_id, i.sku, clock_timestamp(), i.customer_limit FROM sale_items i;

CREATE FUNCTION sluice_record_limit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Under the item's lock: batches that came before it have an earlier settled_at.
  INSERT INTO limit_changes (sale_id, sku, changed_at, customer_limit)
  VALUES (NEW.sale_id, NEW.sku, clock_timestamp(), NEW.customer_limit);
  RETURN NULL;
END
$$;

CREATE TRIGGER record_first_limit
AFTER INSERT ON sale_items
FOR EACH ROW EXECUTE FUNCTION sluice_record_limit_change();

-- Fires only where an update names the limit, which the batches never do.
CREATE TRIGGER record_limit_change
AFTER UPDATE OF customer_limit ON sale_items
FOR EACH ROW WHEN (OLD.customer_limit IS DISTINCT FROM NEW.customer_limit)
EXECUTE FUNCTION sluice_record_limit_change();

-- Per second in which batches were written: how long the database was at work on them. Where that leaves no room,
-- the cap is out of the database's reach, and nobody kept it from being used.
CREATE TABLE drain_seconds (
  -- Seconds since the epoch, by the end of a batch's work.
  second bigint PRIMARY KEY,
  busy_us bigint NOT NULL,
  -- The end of the last batch's work, just before its commit.
  busy_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Deferred to just before the commit, so that it sees all of a batch's work, whatever the batch does after booking.
CREATE FUNCTION sluice_record_drain_second() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
  ended_at constant timestamptz := clock_timestamp();
  -- While a batch waits for the one before it, the database is at work on that one's commit.
  began_at timestamptz := statement_timestamp();
  last_until timestamptz;
BEGIN
  SELECT d.busy_until INTO last_until FROM drain_seconds d ORDER BY d.second DESC LIMIT 1;
  began_at := least(ended_at, greatest(began_at, last_until));
  INSERT INTO drain_seconds AS d (second, busy_us, busy_until)
  VALUES (floor(extract(epoch FROM ended_at)), extract(epoch FROM ended_at - began_at) * 1000000, ended_at)
  ON CONFLICT (second) DO UPDATE
     SET busy_us = d.busy_us + excluded.busy_us, busy_until = excluded.busy_until;
  RETURN NULL;
END
$$;

-- Under the cap's lock, so one at a time.
CREATE CONSTRAINT TRIGGER record_drain_second
AFTER UPDATE OF booked_until_ns ON drain_cap DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (OLD.booked_until_ns IS DISTINCT FROM NEW.booked_until_ns)
EXECUTE FUNCTION sluice_record_drain_second();
