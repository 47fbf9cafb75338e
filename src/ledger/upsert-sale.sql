-- Sale $1 opens at $2 and closes at $3, milliseconds since the epoch. Where it is there already, $4 says whether its
-- claims must be rebuilt: then its epoch rises with the change that makes it so. One row: whether it is new.
INSERT INTO sales AS s (sale_id, opens_at, closes_at)
VALUES (
  $1,
  timestamptz 'epoch' + $2::double precision * interval '1 millisecond',
  timestamptz 'epoch' + $3::double precision * interval '1 millisecond'
)
ON CONFLICT (sale_id) DO UPDATE
  SET opens_at = excluded.opens_at,
      closes_at = excluded.closes_at,
      archived_at = NULL,
      epoch = s.epoch + $4::boolean::integer
RETURNING xmax = 0 AS created
