-- Locks the items of sale $1 in the order every batch keeps to.
SELECT FROM sale_items WHERE sale_id = $1 ORDER BY sku FOR NO KEY UPDATE
