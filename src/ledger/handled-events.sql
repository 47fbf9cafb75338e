-- The events among $2 (IDs) that follower $1 has handled: a row each, its ID.
SELECT event_id FROM follower_events WHERE follower = $1 AND event_id = ANY ($2::text[])
