-- The confirmed orders of sale $1, a row each, with the number of their points entries. Reads only.
SELECT o.transaction_id,
       (SELECT count(*)::int FROM loyalty_entries l
         WHERE l.sale_id = o.sale_id AND l.transaction_id = o.transaction_id) AS entries
  FROM orders o
 WHERE o.sale_id = $1 AND o.status = 'confirmed'
