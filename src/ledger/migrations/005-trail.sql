-- What operators have done, or tried: who, how, when, and what came of it. Written before the change and again
-- after it, so that a change that was cut short stands here too.

CREATE TABLE trail (
  trail_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  who text NOT NULL,
  via text COLLATE "C" NOT NULL CHECK (via IN ('page', 'api', 'command')),
  action text COLLATE "C" NOT NULL,
  details json NOT NULL,
  -- Null: begun, and nobody knows how it ended.
  outcome text COLLATE "C" CHECK (outcome IN ('done', 'refused', 'failed')),
  said text
);
