//! Passwords, of which EverShop verifies the hashes as well until the adoption is finished.

use serde_json::json;

use crate::support::{Actor, CUSTOMER_PASSWORD, TestApp, shop_hash};

async fn log_in(app: &TestApp, password: &str) -> u16 {
    let body = json!({"email": "a@x.io", "password": password});
    app.anonymous().post("/api/customer/tokens", &body).await.status
}

/// The stored hash of the only customer.
async fn stored(app: &TestApp) -> String {
    app.customers().await.remove(0).password.expose().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hashes_are_bcrypt_until_the_adoption_is_finished() {
    let app = TestApp::start_shared().await;
    app.register("a@x.io").await;
    assert!(bcrypt::verify(CUSTOMER_PASSWORD, &stored(&app).await).unwrap(), "EverShop can verify it");
    // EverShop sets a password.
    let hash = shop_hash("set by the shop");
    app.run_as_shop(&format!("UPDATE customer SET password = '{hash}'")).await;
    assert_eq!((log_in(&app, "set by the shop").await, stored(&app).await), (200, hash.clone()));
    let long = json!({"full_name": "B", "email": "b@x.io", "password": "x1".repeat(37)});
    let refused = app.anonymous().post("/api/customers", &long).await;
    assert_eq!(refused.details(), [("password", "Password must be at most 72 bytes")]);
    app.finish_adoption().await;
    assert_eq!(log_in(&app, "set by the shop").await, 200);
    assert!(stored(&app).await.starts_with("$argon2id$"), "the login replaces it");
    assert_eq!(app.anonymous().post("/api/customers", &long).await.status, 201);
    app.stop().await;
}

/// A setting overrules the state of the adoption.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_setting_chooses_the_algorithm() {
    let app = TestApp::start_shared_with(|flags| flags.with("PATRON_PASSWORD_HASHES", "argon2id")).await;
    app.register("a@x.io").await;
    assert!(stored(&app).await.starts_with("$argon2id$"));
    app.stop().await;
}

/// The token of a link that EverShop mails is stored as those of patron are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_link_of_evershop_sets_a_password() {
    let app = TestApp::start_shared().await;
    let row = app.register("a@x.io").await;
    // The time of the row is that of patron's clock, which the test has set.
    let insert = format!(
        "INSERT INTO reset_password_token (customer_id, token, created_at) \
         VALUES ({}, encode(sha256('mailed'), 'hex'), '{}')",
        row["customer_id"],
        crate::support::NOW
    );
    app.run_as_shop(&insert).await;
    let body = json!({"token": "mailed", "password": "another good one"});
    let response = app.anonymous().post("/api/customers/password", &body).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(log_in(&app, "another good one").await, 200);
    app.stop().await;
}
