\set id random(1, :customers)
SELECT * FROM customer WHERE uuid = md5(:id::text)::uuid;
