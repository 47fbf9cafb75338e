-- sluice_remember_events: remembers events as handled by a follower.
--
-- Parameters:
--   p_follower   the follower
--   p_event_ids  IDs of the events, each once, sorted: rows inserted in another order would deadlock
--
-- Result: the IDs among them that it had handled before, a row each; none where all are new.
--
-- Atomic in its caller's transaction, and repeatable. A concurrent call with one of the events waits until that
-- transaction has ended.
--
-- Nearly always all are new, and are then inserted as they are: half of what it costs to look for each first, and
-- to write two records more per row to the log (see docs/decisions/events.md). A double fails on the primary key,
-- which undoes the subtransaction, and the long way tells which are new.

CREATE OR REPLACE FUNCTION sluice_remember_events(p_follower text, p_event_ids text[])
RETURNS SETOF text
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO follower_events (event_id, follower)
  SELECT given.event_id, p_follower
    FROM unnest(p_event_ids) WITH ORDINALITY AS given (event_id, place)
   ORDER BY given.place;
EXCEPTION WHEN unique_violation THEN
  RETURN QUERY
  WITH added AS (
    INSERT INTO follower_events (event_id, follower)
    SELECT given.event_id, p_follower
      FROM unnest(p_event_ids) WITH ORDINALITY AS given (event_id, place)
     ORDER BY given.place
        ON CONFLICT DO NOTHING
    RETURNING event_id
  )
  SELECT given.event_id
    FROM unnest(p_event_ids) AS given (event_id)
   WHERE NOT EXISTS (SELECT FROM added WHERE added.event_id = given.event_id);
END
$$;
