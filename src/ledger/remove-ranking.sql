-- Removes the ranking of sale $1.
WITH sellers AS (DELETE FROM ranking_sellers WHERE sale_id = $1)
DELETE FROM ranking_buyers WHERE sale_id = $1
