-- Whether any of some orders is in the ledger.
-- $1 sale ID; $2 transaction IDs.
-- Result: one row with their number. Reads only.
SELECT count(*)::int AS orders
  FROM orders
 WHERE sale_id = $1
   AND transaction_id = ANY ($2)
