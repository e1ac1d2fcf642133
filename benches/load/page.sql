\set id random(1, :customers - 100)
SELECT page.*, customer_group.group_name, customer_address.*
FROM (SELECT * FROM customer
      WHERE (created_at, customer_id) < (timestamptz '2026-01-01 00:00:00Z' - :id * interval '1 second', 2147483647)
      ORDER BY created_at DESC, customer_id DESC LIMIT 20) AS page
LEFT JOIN customer_group ON customer_group.customer_group_id = page.group_id
LEFT JOIN customer_address ON customer_address.customer_id = page.customer_id;
