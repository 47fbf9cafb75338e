-- What each follower has done. A row is written in the same transaction as the effect that it remembers.
CREATE TABLE follower_events (
  -- Begins with the sale, so that the rows of a sale lie together and can be removed with it.
  event_id text COLLATE "C" NOT NULL,
  follower text COLLATE "C" NOT NULL,
  handled_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (event_id, follower)
);

-- Written by the follower activity-log.
CREATE TABLE activity_log (
  entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  happened_at timestamptz NOT NULL,
  sale_id text COLLATE "C" NOT NULL,
  customer_id text COLLATE "C" NOT NULL,
  activity text NOT NULL
);
