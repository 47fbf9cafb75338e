-- Which of these orders have their entry of points: $1 sale IDs, $2 transaction IDs, of one length. A row each.
SELECT sale_id, transaction_id
  FROM loyalty_entries
  JOIN unnest($1::text[], $2::text[]) AS given (sale_id, transaction_id) USING (sale_id, transaction_id)
