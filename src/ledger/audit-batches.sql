-- Orders by settled_at, from $1 to $2 (microseconds since the epoch, included), in its order.
SELECT (extract(epoch FROM settled_at) * 1000000)::double precision AS at_us, count(*)::integer AS orders
  FROM orders
 WHERE settled_at BETWEEN timestamptz 'epoch' + $1::double precision * interval '1 microsecond'
                      AND timestamptz 'epoch' + $2::double precision * interval '1 microsecond'
 GROUP BY settled_at
 ORDER BY settled_at
