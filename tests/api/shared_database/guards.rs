//! What EverShop writes to the shared tables has the consequences of the same change at patron.

use chrono::{DateTime, TimeDelta};
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::texts;
use crate::support::{Actor, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_revokes_tokens_at_patron_revokes_them_when_the_shop_does_it() {
    let app = TestApp::start_shared().await;
    for (number, change) in ["password = 'other'", "status = 0", "status = 7"].into_iter().enumerate() {
        let email = format!("c{number}@x.io");
        let customer = app.customer(&email).await;
        let rename = json!({"full_name": "Ada"});
        app.run_as_shop(&format!("UPDATE customer SET full_name = 'Bo' WHERE email = '{email}'")).await;
        assert_eq!(customer.patch("/api/customers/me", &rename).await.status, 200, "{change}");
        app.reset_token(&email).await;
        app.run_as_shop(&format!("UPDATE customer SET {change} WHERE email = '{email}'")).await;
        customer.patch("/api/customers/me", &rename).await.assert_failure(401, "unauthenticated");
        let body = json!({"refreshToken": customer.refresh_token});
        let refreshed = app.anonymous().post("/api/customer/token/refresh", &body).await;
        refreshed.assert_failure(401, "unauthenticated");
        let row = app.customers().await.pop().unwrap();
        assert!(row.token_generation == 1 && row.tokens_valid_from.is_some(), "{change}: {row:?}");
        let left = texts(&app.app.db, "SELECT customer_id::text FROM customer_session").await;
        assert_eq!(left, [""; 0], "{change}");
        let tokens = texts(&app.app.db, "SELECT token::text FROM reset_password_token").await;
        assert_eq!(tokens.is_empty(), change.starts_with("password"), "{change}");
        app.run_as_shop("DELETE FROM reset_password_token").await;
    }
    app.run_as_shop("UPDATE admin_user SET password = 'other'").await;
    let refused = app.admin().post("/api/customer-groups", &json!({"group_name": "VIP"})).await;
    refused.assert_failure(401, "unauthenticated");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_address_at_the_shop_is_unverified() {
    let app = TestApp::start_shared().await;
    app.register("a@x.io").await;
    let token = app.one_mail().await.token();
    app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await.data();
    app.reset_token("a@x.io").await;
    for (email, key, is_verified) in [
        ("A@x.io", Some("a@x.io"), true),
        ("b@X.io", Some("b@x.io"), false),
        ("jörg@x.io", None, false),
        ("ada@xn--bcher-kva.example", None, false),
    ] {
        app.run_as_shop(&format!("UPDATE customer SET email = '{email}'")).await;
        let row = app.customers().await.remove(0);
        let found = (row.email_key.as_deref(), row.email_verified_at.is_some(), row.search_text.as_str());
        assert_eq!(found, (key, is_verified, ""), "{email}");
        let tokens = texts(&app.app.db, "SELECT token::text FROM reset_password_token").await;
        assert_eq!(tokens.len(), usize::from(is_verified), "{email}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_can_neither_verify_a_customer_nor_store_what_patron_cannot_read() {
    let app = TestApp::start_shared().await;
    app.run_as_shop(
        "INSERT INTO customer (email, password, full_name, status, meta_data, created_at, updated_at, email_verified_at,
           version, token_generation, event_sequence, search_text, metafields_indexed, pending_email)
         VALUES ('a@x.io', 'h', NULL, 7, '[]', 'infinity', NULL, now(), 77, -5, 9, 'x', true, 'b@x.io')",
    )
    .await;
    let check = async |version: i32| {
        let row = app.customers().await.remove(0);
        let defaults = (row.email_verified_at, row.token_generation, row.event_sequence, &row.pending_email);
        assert_eq!(defaults, (None, 0, 0, &None), "{row:?}");
        assert_eq!((row.version, row.status.stored(), row.full_name.as_str()), (version, 0, ""), "{row:?}");
        assert!(row.meta_data == json!({}) && !row.metafields_indexed, "{row:?}");
        assert!(row.created_at < DateTime::UNIX_EPOCH + TimeDelta::days(200 * 365), "{row:?}");
        row.updated_at
    };
    let updated_at = check(1).await;
    // Nothing that the shop may set differs.
    app.run_as_shop(
        "UPDATE customer SET meta_data = '[1]', status = 9, created_at = '-infinity', updated_at = now()",
    )
    .await;
    assert_eq!(check(1).await, updated_at);
    app.run_as_shop("UPDATE customer SET password = 'i', uuid = gen_random_uuid(), full_name = NULL").await;
    let row = app.customers().await.remove(0);
    assert!(row.version == 2 && row.updated_at > updated_at, "{row:?}");
    let listed = app.admin().query("{ customers { items { email status metaData } total } }").await.data();
    let expected = json!({"email": "a@x.io", "status": 0, "metaData": {}});
    assert_eq!(listed["customers"], json!({"items": [expected], "total": 1}));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_default_address_of_the_shop_wins() {
    let app = TestApp::start_shared().await;
    let row = app.register("a@x.io").await;
    app.add_address(&row, "US-CA", true).await;
    let addresses = async || {
        let addresses = "SELECT concat(country, ' ', is_default::int, ' ', version) FROM customer_address \
            ORDER BY customer_address_id";
        texts(&app.app.db, addresses).await
    };
    let insert =
        "INSERT INTO customer_address (customer_id, country, is_default, version) SELECT customer_id,";
    app.run_as_shop(&format!("{insert} 'DE', true, 9 FROM customer")).await;
    app.run_as_shop(&format!("{insert} 'FR', NULL, 9 FROM customer")).await;
    assert_eq!(addresses().await, ["US 0 2", "DE 1 1", "FR 0 1"]);
    // As EverShop changes the default: first it sets the new one, then it clears the others.
    app.run_as_shop("UPDATE customer_address SET is_default = true WHERE country = 'FR'").await;
    app.run_as_shop("UPDATE customer_address SET is_default = false WHERE country <> 'FR'").await;
    assert_eq!(addresses().await, ["US 0 2", "DE 0 2", "FR 1 2"]);
    app.run_as_shop("UPDATE customer_address SET city_key = 'x', customer_id = 99, is_default = NULL").await;
    assert_eq!(addresses().await, ["US 0 2", "DE 0 2", "FR 0 3"]);
    app.stop().await;
}

/// The column had a type with these values before the adoption, and has it again after an undo.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shop_cannot_store_an_unknown_type_of_a_custom_field() {
    let app = TestApp::start_shared().await;
    let insert = |field_type: &str| {
        format!(
            "INSERT INTO metafield_definition (owner_type, field_key, name, field_type) \
             VALUES ('customer', 'size', 'Size', '{field_type}')"
        )
    };
    let shop = app.app.db.writer();
    let refused = shop.execute_unprepared(&insert("nonsense")).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("metafield_type")));
    app.run_as_shop(&insert("integer")).await;
    let update = "UPDATE metafield_definition SET field_type = 'nonsense'";
    assert!(shop.execute_unprepared(update).await.is_err());
    let types = texts(&app.app.db, "SELECT field_type::text FROM metafield_definition").await;
    assert_eq!(types, ["integer"]);
    app.stop().await;
}

/// The lock of the customer makes the second of two concurrent inserts see the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_default_addresses_of_the_shop_do_not_conflict() {
    let app = TestApp::start_shared().await;
    app.register("a@x.io").await;
    let insert = "INSERT INTO customer_address (customer_id, country, is_default) \
        SELECT customer_id, 'DE', true FROM customer";
    futures_util::future::join_all((0..8).map(|_| app.run_as_shop(insert))).await;
    let defaults = texts(&app.app.db, "SELECT country FROM customer_address WHERE is_default").await;
    assert_eq!(defaults, ["DE"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_patrons_columns_make_no_event_of_the_shop() {
    let app = TestApp::start_shared().await;
    let customer = app.customer("a@x.io").await;
    let events = async || texts(&app.app.db, "SELECT name FROM event ORDER BY event_id").await;
    assert_eq!(events().await, ["customer_created"]);
    app.log_in_customer(&customer.row).await;
    app.add_address(&customer.row, "US-CA", true).await;
    assert_eq!(events().await, ["customer_created"]);
    customer.patch("/api/customers/me", &json!({"full_name": "Ada"})).await.data();
    assert_eq!(events().await, ["customer_created", "customer_updated"]);
    app.stop().await;
}
