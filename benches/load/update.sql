\set id random(1, :customers)
UPDATE customer SET version = version + 1 WHERE uuid = md5(:id::text)::uuid;
