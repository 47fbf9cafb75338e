-- Adds a line per order: $1 times, $2 sale IDs, $3 customer IDs, $4 texts, all of one length.
INSERT INTO activity_log (happened_at, sale_id, customer_id, activity)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[])
