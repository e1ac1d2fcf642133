\set id random(1, :customers)
\set number random(1, 1000000)
BEGIN;
SELECT * FROM customer WHERE uuid = md5(:id::text)::uuid FOR UPDATE;
UPDATE customer SET full_name = 'Zofie Tanaka ' || :number, search_text = 'zofie tanaka ' || :number || E'\n' || email,
  version = version + 1, updated_at = now() WHERE uuid = md5(:id::text)::uuid RETURNING *;
END;
