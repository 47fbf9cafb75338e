-- sluice_settle_batch writes drain_seconds itself, while it holds the lock of drain_cap.
DROP TRIGGER record_drain_second ON drain_cap;
DROP FUNCTION sluice_record_drain_second();
ALTER TABLE drain_seconds DROP COLUMN busy_until;

-- The end of the last batch's work, just before its commit.
ALTER TABLE drain_cap ADD COLUMN busy_until timestamptz NOT NULL DEFAULT '-infinity';
