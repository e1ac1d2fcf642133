//! The guards: EverShop stores every field of a request that is a column, and patron's columns stay right all the same.

use serde_json::{Value, json};

use super::api::{Api, address};
use super::shop::ShopDatabase;
use crate::support::{execute, rows};

const PASSWORD: &str = "a password of the tests";

/// Values for all columns that only patron may set.
fn attack() -> Value {
    json!({
        "email_verified_at": "2020-01-01T00:00:00Z", "token_generation": -5, "version": 77, "event_sequence": 55,
        "pending_email": "victim@shop.example", "search_text": "hidden", "email_key": "victim@shop.example",
        "email_unicode": "victim@shop.example", "metafields_indexed": true, "last_sign_in_at": "2020-01-01T00:00:00Z",
        "tokens_valid_from": "2000-01-01T00:00:00Z",
    })
}

/// What the attack sets, as the row has it.
fn guarded(url: &str, email: &str) -> String {
    let columns = "concat_ws(' ', version, token_generation, coalesce(email_verified_at::text, '-'), coalesce(pending_email, '-'), \
        event_sequence, coalesce(nullif(search_text, ''), '-'), email_key, coalesce(email_unicode, '-'), metafields_indexed, \
        coalesce(last_sign_in_at::text, '-'), coalesce(tokens_valid_from::text, '-'))";
    let found = rows(url, &format!("SELECT {columns} FROM customer WHERE email = '{email}'"));
    assert_eq!(found.len(), 1, "{email}");
    found[0].clone()
}

/// patron does not run, so that only the guards act.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shops_api_cannot_set_patrons_columns() {
    let Some(database) = ShopDatabase::adopted("columns") else { return };
    let shop = database.start_shop();
    let mut body = attack();
    body["full_name"] = json!("Mallory");
    body["email"] = json!("Mallory@shop.example");
    body["password"] = json!(PASSWORD);
    shop.api().send("POST /api/customers", body).await.data(200);
    let untouched = "0 - - 0 - mallory@shop.example - f - -";
    assert_eq!(guarded(database.url(), "Mallory@shop.example"), format!("1 {untouched}"));

    let mallory = shop.api().customer("Mallory@shop.example", PASSWORD).await;
    // Nothing that the shop knows is changed, so nothing changes.
    mallory.send("PATCH /api/customers/me", attack()).await.data(200);
    assert_eq!(guarded(database.url(), "Mallory@shop.example"), format!("1 {untouched}"));
    let mut renaming = attack();
    renaming["full_name"] = json!("Mallory Smith");
    mallory.send("PATCH /api/customers/me", renaming).await.data(200);
    assert_eq!(guarded(database.url(), "Mallory@shop.example"), format!("2 {untouched}"));

    // Addresses that the guard does not fold are left to the program.
    for email in ["a@xn--bcher-kva.example", "B@Shop.Example"] {
        shop.api().register(email, PASSWORD).await;
    }
    let keys = rows(database.url(), "SELECT coalesce(email_key, '-') FROM customer ORDER BY customer_id");
    assert_eq!(keys, ["mallory@shop.example", "-", "b@shop.example"]);
    columns_of_addresses_and_groups(&mallory, &shop.api().admin().await, database.url()).await;
}

async fn columns_of_addresses_and_groups(customer: &Api, admin: &Api, url: &str) {
    let mut body = address("1 Street");
    body["version"] = json!(77);
    body["country_key"] = json!("hidden");
    customer.send("POST /api/customers/me/addresses", body).await.data(200);
    let row = "SELECT concat_ws(' ', version, coalesce(country_key, '-')) FROM customer_address";
    assert_eq!(rows(url, row), ["1 -"]);
    let mut body = json!({
        "ownerType": "customer", "namespace": "custom", "fieldKey": "loyalty", "name": "Loyalty", "fieldType": "short_text",
    });
    admin.send("POST /api/metafield-definitions", body.clone()).await.data(200);
    // EverShop refuses properties that it does not know, of definitions only.
    body["deleted_at"] = json!("2020-01-01");
    assert_eq!(admin.send("POST /api/metafield-definitions", body).await.status, 400);
    let row = "SELECT concat_ws(' ', field_key, coalesce(deleted_at::text, '-'), cleaned_up_to) FROM metafield_definition WHERE owner_type = 'customer'";
    assert_eq!(rows(url, row), ["loyalty - 0"]);
}

/// EverShop sets the new default before it clears the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_latest_default_address_wins() {
    let Some(database) = ShopDatabase::adopted("defaults") else { return };
    let shop = database.start_shop();
    shop.api().register("ada@shop.example", PASSWORD).await;
    let ada = shop.api().customer("ada@shop.example", PASSWORD).await;
    let defaults = || rows(database.url(), "SELECT address_1 FROM customer_address WHERE is_default");
    let mut uuids = Vec::new();
    for (street, flag) in [
        ("1 Street", json!(true)),
        ("2 Street", json!(1)),
        ("3 Street", Value::Null),
        ("4 Street", json!(true)),
    ] {
        let mut body = address(street);
        body["is_default"] = flag;
        let row = ada.send("POST /api/customers/me/addresses", body).await.data(200);
        uuids.push(row["uuid"].as_str().expect("a uuid").to_owned());
    }
    assert_eq!(defaults(), ["4 Street"]);
    let mut body = address("1 Street");
    body["is_default"] = json!(true);
    ada.send(&format!("PATCH /api/customers/me/addresses/{}", uuids[0]), body).await.data(200);
    assert_eq!(defaults(), ["1 Street"]);
    ada.send(&format!("DELETE /api/customers/me/addresses/{}", uuids[0]), Value::Null).await.data(200);
    assert_eq!(defaults(), Vec::<String>::new());
    let patron = database.serve(&[]);
    let listed = Api::new(&patron.url()).customer("ada@shop.example", PASSWORD).await;
    let listed = listed.query("{ currentCustomer { addresses { isDefault } } }").await;
    assert_eq!(listed["currentCustomer"]["addresses"].as_array().map(Vec::len), Some(3), "{listed}");
}

/// A client of patron that has read a customer does not overwrite what the shop has changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_shop_makes_the_version_of_a_client_stale() {
    let Some(database) = ShopDatabase::adopted("versions") else { return };
    let (shop, server) = (database.start_shop(), database.serve(&[]));
    let patron = Api::new(&server.url());
    let row = patron.register("ada@shop.example", PASSWORD).await;
    let admin = patron.admin().await;
    let path = format!("PATCH /api/customers/{}", row["uuid"].as_str().expect("a uuid"));
    let read = admin.send(&path, json!({"full_name": "Ada"})).await;
    let tag = read.headers["etag"].to_str().expect("a text").to_owned();
    let updated_at = |data: &Value| data["updated_at"].as_str().expect("a time").to_owned();
    let before = updated_at(&read.data(200));
    let ada = shop.api().customer("ada@shop.example", PASSWORD).await;
    ada.send("PATCH /api/customers/me", json!({"full_name": "Ada King"})).await.data(200);
    let stale = admin.with("if-match", &tag).send(&path, json!({"full_name": "Ada Byron"})).await;
    assert_eq!(stale.status, 412, "{stale:?}");
    let current = admin.send(&path, json!({})).await.data(200);
    assert_eq!(current["full_name"], "Ada King");
    assert!(updated_at(&current) > before, "{current}");
}

/// The mark must not be a property of a role or of the database, because the shop's writes would have it.
#[test]
fn a_permanent_mark_is_refused() {
    let Some(database) = ShopDatabase::adopted("mark") else { return };
    let name = &database.database.name;
    execute(database.url(), &format!("ALTER DATABASE {name} SET patron.writer = 'on'"));
    let refused = database.run(&["serve"]);
    assert!(refused.code == 78 && refused.error.contains("RESET patron.writer"), "{refused:?}");
    execute(database.url(), &format!("ALTER DATABASE {name} RESET patron.writer"));
    assert_eq!(database.serve(&[]).terminate().0, Some(0));
}
