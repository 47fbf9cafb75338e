-- Adds $4 pieces to both stocks of SKU $3 in sale $1, once per restock ID $2. One row: whether sale and item
-- exist, whether this call did it, and whether an earlier one with this ID said the same.
WITH booked AS (
  INSERT INTO restocks (sale_id, restock_id, sku, pieces)
  SELECT i.sale_id, $2, i.sku, $4::integer FROM sale_items i WHERE i.sale_id = $1 AND i.sku = $3
  ON CONFLICT (sale_id, restock_id) DO NOTHING
  RETURNING sale_id, sku, pieces
), added AS (
  UPDATE sale_items i
     SET stock_initial = i.stock_initial + b.pieces, stock_left = i.stock_left + b.pieces
    FROM booked b
   WHERE i.sale_id = b.sale_id AND i.sku = b.sku
  RETURNING 1
)
SELECT EXISTS (SELECT FROM sales WHERE sale_id = $1) AS sale_exists,
       EXISTS (SELECT FROM sale_items WHERE sale_id = $1 AND sku = $3) AS item_exists,
       EXISTS (SELECT FROM added) AS done,
       EXISTS (SELECT FROM restocks WHERE sale_id = $1 AND restock_id = $2 AND (sku, pieces) <> ($3, $4::integer))
         AS differs
