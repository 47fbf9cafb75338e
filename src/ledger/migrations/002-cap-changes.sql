-- Every cap there was: an audit holds each second against the cap that was in force then.
-- The trigger fires only where an update names one of these columns, which the batches never do.

CREATE TABLE cap_changes (
  changed_at timestamptz NOT NULL,
  orders_per_second integer NOT NULL,
  paused boolean NOT NULL,
  reason text NOT NULL
);
CREATE INDEX cap_changes_changed_at ON cap_changes (changed_at);

-- Where no order was written yet, the cap in force is the first there was.
INSERT INTO cap_changes (changed_at, orders_per_second, paused, reason)
SELECT CASE WHEN EXISTS (SELECT FROM orders) THEN clock_timestamp() ELSE timestamptz 'epoch' END,
       c.orders_per_second, c.paused, c.reason FROM drain_cap c;

CREATE FUNCTION sluice_record_cap_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Under the row's lock: batches before it have an earlier settled_at, batches after it a later one.
  INSERT INTO cap_changes (changed_at, orders_per_second, paused, reason)
  VALUES (clock_timestamp(), NEW.orders_per_second, NEW.paused, NEW.reason);
  RETURN NULL;
END
$$;

CREATE TRIGGER record_cap_change
AFTER UPDATE OF orders_per_second, paused, reason ON drain_cap
FOR EACH ROW
WHEN ((OLD.orders_per_second, OLD.paused, OLD.reason) IS DISTINCT FROM (NEW.orders_per_second, NEW.paused, NEW.reason))
EXECUTE FUNCTION sluice_record_cap_change();
