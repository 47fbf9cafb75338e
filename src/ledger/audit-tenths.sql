-- Of the orders that settled from $1 to $2 (microseconds since the epoch, included): how many were accepted and
-- how many settled in each tenth of a second, in order of time; and for how many microseconds of the second around it
-- the database was at work on batches (null: not on record).
WITH settled_orders AS NOT MATERIALIZED (
  SELECT accepted_at, settled_at
    FROM orders
   WHERE settled_at BETWEEN timestamptz 'epoch' + $1::double precision * interval '1 microsecond'
                        AND timestamptz 'epoch' + $2::double precision * interval '1 microsecond'
), happened AS (
  SELECT date_bin('100 milliseconds', accepted_at, timestamptz 'epoch') AS at, count(*) AS accepted, 0 AS settled
    FROM settled_orders GROUP BY 1
  UNION ALL
  SELECT date_bin('100 milliseconds', settled_at, timestamptz 'epoch'), 0, count(*)
    FROM settled_orders GROUP BY 1
)
SELECT (extract(epoch FROM t.at) * 10)::double precision AS tenth, t.accepted, t.settled,
       d.busy_us::double precision AS busy_us
  FROM (
         SELECT at, sum(accepted)::integer AS accepted, sum(settled)::integer AS settled
           FROM happened GROUP BY at
       ) t
  LEFT JOIN drain_seconds d ON d.second = floor(extract(epoch FROM t.at))
 ORDER BY t.at
