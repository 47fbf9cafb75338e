-- Of sale $1: confirmed orders, points entries, and the moment of the last settling, seconds since 1970.
SELECT (SELECT count(*)::int FROM orders WHERE sale_id = $1 AND status = 'confirmed') AS confirmed,
       (SELECT count(*)::int FROM loyalty_entries WHERE sale_id = $1) AS entries,
       (SELECT extract(epoch FROM max(settled_at))::float8 FROM orders WHERE sale_id = $1) AS "lastSettledAt"
