//! Keys of addresses, copies of custom fields, and last logins.

use patron::entity::customer_metafield_value::{Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{connection, execute, fill_all_in, insert, search};
use crate::support::{Actor, TestApp, apply, on_both_databases};

async fn insert_address(app: &TestApp, email: &str, city: &str, telephone: &str) {
    execute(
        app,
        &format!(
            "INSERT INTO customer_address (customer_id, full_name, address_1, city, postcode, province, country, telephone)
             SELECT customer_id, 'R', '1 Main Street', '{city}', '80331', 'Bayern', 'DE', '{telephone}' FROM customer WHERE email = '{email}'"
        ),
    )
    .await;
}

/// Addresses that EverShop or an older release stored are found by keyword and by filter.
#[apply(on_both_databases!)]
async fn addresses_of_other_programs_are_found_once_filled_in(app: &TestApp) {
    app.register("a@x.io").await;
    insert(app, &["b@x.io"]).await;
    insert_address(app, "a@x.io", "München", "+49 89 1234").await;
    insert_address(app, "b@x.io", "Füssen", "").await;
    let by_city = |city: &str| json!({"address": {"city": {"eq": city}}});
    assert_eq!(search(app, "munchen").await, [""; 0]);
    assert_eq!(connection(app, by_city("munchen")).await, [""; 0]);
    assert_eq!(connection(app, json!({"address": {}})).await, ["a@x.io", "b@x.io"]);
    fill_all_in(app).await;
    for (keyword, expected) in [("munchen", "a@x.io"), ("49891234", "a@x.io"), ("fussen zofie", "b@x.io")] {
        assert_eq!(search(app, keyword).await, [expected], "{keyword}");
    }
    assert_eq!(connection(app, by_city("MUNCHEN")).await, ["a@x.io"]);
    assert_eq!(connection(app, json!({"address": {"telephone": {"eq": ""}}})).await, ["b@x.io"]);
    // Changed by SQL, with the reset that docs/databases.md demands.
    execute(app, "UPDATE customer_address SET city = 'Ulm', city_key = NULL WHERE city = 'München'").await;
    fill_all_in(app).await;
    assert_eq!((search(app, "munchen").await, search(app, "ulm").await), (vec![], vec!["a@x.io".to_owned()]));
    assert_eq!(connection(app, by_city("ulm")).await, ["a@x.io"]);
    execute(app, "DELETE FROM customer_address WHERE city = 'Ulm'").await;
    execute(app, "UPDATE customer SET search_text = '' WHERE email = 'a@x.io'").await;
    fill_all_in(app).await;
    assert_eq!((search(app, "ulm").await, search(app, "a@x").await), (vec![], vec!["a@x.io".to_owned()]));
    assert!(app.customers().await.iter().all(|row| row.version == 1), "the versions stay");
}

/// More addresses than a batch has, also of one customer.
#[apply(on_both_databases!)]
async fn addresses_are_filled_in_in_batches(app: &TestApp) {
    app.register("a@x.io").await;
    let emails: Vec<String> = (0..120).map(|number| format!("c{number:03}@x.io")).collect();
    insert(app, &emails.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let addresses = |email: &str, count: usize| {
        let rows = (0..count).map(|number| format!("('Town 5{number:03}')")).collect::<Vec<_>>().join(", ");
        format!(
            "INSERT INTO customer_address (customer_id, city, country) SELECT customer_id, column1, 'US'
             FROM customer CROSS JOIN (VALUES {rows}) AS towns WHERE email LIKE '{email}'"
        )
    };
    execute(app, &addresses("a@x.io", 100)).await;
    execute(app, &addresses("c%", 4)).await;
    fill_all_in(app).await;
    assert_eq!(search(app, "town 5099").await, ["a@x.io"]);
    let found = app
        .admin()
        .query("{ customersConnection(filter: {address: {city: {eq: \"town 5003\"}}}) { totalCount } }")
        .await;
    assert_eq!(found.data()["customersConnection"]["totalCount"], 121);
}

#[apply(on_both_databases!)]
async fn custom_fields_of_other_programs_are_found_once_filled_in(app: &TestApp) {
    let definition =
        json!({"ownerType": "customer", "fieldKey": "tier", "name": "Tier", "fieldType": "short_text"});
    app.admin().post("/api/metafield-definitions", &definition).await.data();
    app.register("a@x.io").await;
    let emails: Vec<String> = (0..450).map(|number| format!("c{number:03}@x.io")).collect();
    insert(app, &emails.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let set = |tier: &str, condition: &str| {
        format!(
            "UPDATE customer SET meta_data = '{{\"custom\": {{\"tier\": \"{tier}\"}}}}', metafields_indexed = FALSE WHERE {condition}"
        )
    };
    execute(app, &set("gold", "email LIKE 'c%'")).await;
    let gold = json!({"metafield": {"key": "tier", "eq": "gold"}});
    let count = async || {
        let query = "query ($filter: CustomerFilter) { customersConnection(filter: $filter) { totalCount } }";
        let data = app.admin().query_with(query, json!({"filter": gold})).await.data();
        data["customersConnection"]["totalCount"].as_i64().unwrap()
    };
    assert_eq!(count().await, 0);
    fill_all_in(app).await;
    assert_eq!(count().await, 450);
    execute(app, &set("silver", "email < 'c400'")).await;
    fill_all_in(app).await;
    assert_eq!(count().await, 50);
    let silver = Entity::find().filter(Column::ValueKey.eq("ssilver"));
    assert_eq!(silver.count(app.app.db.writer()).await.unwrap(), 401);
}

/// Sessions that an older release started are logins as well.
#[apply(on_both_databases!)]
async fn logins_before_the_upgrade_are_recorded(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.register("b@x.io").await;
    let read =
        "{ customers(filters: [{key: \"ob\", operation: eq, value: \"email\"}]) { items { lastSignInAt } } }";
    let times = async || app.admin().query(read).await.data()["customers"]["items"].clone();
    let expected = json!([{"lastSignInAt": customer.row["created_at"]}, {"lastSignInAt": null}]);
    assert_eq!(times().await, expected);
    execute(app, "UPDATE customer SET last_sign_in_at = NULL").await;
    fill_all_in(app).await;
    assert_eq!(times().await[0]["lastSignInAt"], json!(null));
    execute(app, "UPDATE customer_session SET sign_in_recorded = FALSE").await;
    fill_all_in(app).await;
    assert_eq!(times().await, expected);
    // A later login is kept.
    execute(
        app,
        "UPDATE customer_session SET sign_in_recorded = FALSE, created_at = '2026-01-01T00:00:00.000+00:00'",
    )
    .await;
    fill_all_in(app).await;
    assert_eq!(times().await, expected);
}
