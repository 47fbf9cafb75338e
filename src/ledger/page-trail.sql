-- Up to $1 entries of the trail, newest first, older than entry $2 where that is not null. Time in milliseconds since
-- the epoch.
SELECT trail_id, extract(epoch FROM begun_at)::float8 * 1000 AS at_ms, who, via, action, details, outcome, said
  FROM trail
 WHERE trail_id < coalesce($2, 9223372036854775807)
 ORDER BY trail_id DESC
 LIMIT $1
