-- Remembers the events $2 (IDs, sorted) as handled by follower $1. A row per event that it had not handled before:
-- its ID. Repeatable; a concurrent call with one of the events waits until this transaction has ended.
INSERT INTO follower_events (event_id, follower)
SELECT event_id, $1 FROM unnest($2::text[]) WITH ORDINALITY AS given (event_id, place)
 ORDER BY place
    ON CONFLICT DO NOTHING
RETURNING event_id
