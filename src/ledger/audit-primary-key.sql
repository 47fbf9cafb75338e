-- Whether (sale_id, transaction_id) is the primary key of orders, valid and enforced. One row.
SELECT EXISTS (
  SELECT
    FROM pg_constraint c JOIN pg_index x ON x.indexrelid = c.conindid
   WHERE c.conrelid = 'orders'::regclass AND c.contype = 'p' AND x.indisvalid AND x.indisunique
     AND (SELECT array_agg(a.attname::text ORDER BY a.attname)
            FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey))
         = ARRAY['sale_id', 'transaction_id']
) AS there
