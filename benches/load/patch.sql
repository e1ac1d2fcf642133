\set id random(1, :customers)
\set number random(1, 1000000)
BEGIN;
SELECT * FROM customer WHERE uuid = md5(:id::text)::uuid FOR UPDATE;
SELECT customer_address.* FROM customer_address JOIN customer USING (customer_id) WHERE customer.uuid = md5(:id::text)::uuid;
UPDATE customer SET full_name = 'Zofie Tanaka ' || :number,
  search_text = 'zofie tanaka ' || :number || substr(search_text, strpos(search_text, E'\n')),
  version = version + 1, updated_at = now() WHERE uuid = md5(:id::text)::uuid RETURNING *;
END;
