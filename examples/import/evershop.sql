-- Customers of EverShop with their groups and addresses, as `patron import --preset evershop` reads them:
--   psql -f examples/import/evershop.sql URL > customers.csv
COPY (
  SELECT customer.customer_id, customer.uuid, customer.status, customer_group.group_name, customer.email, customer.password,
    customer.full_name, customer.created_at, customer.updated_at, customer.meta_data,
    (
      SELECT coalesce(
        json_agg(
          json_build_object(
            'uuid', address.uuid, 'full_name', address.full_name, 'telephone', address.telephone,
            'address_1', address.address_1, 'address_2', address.address_2, 'postcode', address.postcode,
            'city', address.city, 'province', address.province, 'country', address.country,
            'is_default', address.is_default
          )
          ORDER BY address.is_default DESC, address.customer_address_id
        ),
        '[]'
      )
      FROM customer_address AS address
      WHERE address.customer_id = customer.customer_id
    ) AS addresses
  FROM customer
  LEFT JOIN customer_group ON customer_group.customer_group_id = customer.group_id
  ORDER BY customer.customer_id
) TO STDOUT WITH (FORMAT csv, HEADER)
