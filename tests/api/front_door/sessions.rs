//! Whom a session cookie of the shop identifies, and for how long.

use reqwest::Method;
use serde_json::json;

use super::{Browser, SECRET, customer_of_shop, shop_session, signed, start, start_with};
use crate::support::{Actor, TestApp};

/// A browser in which the first admin is logged in at EverShop.
async fn admin_of_shop<'a>(app: &'a TestApp, sid: &str) -> Browser<'a> {
    shop_session(app, sid, ", \"userID\": 1", 3600).await;
    Browser::new(app, "asid", sid)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_expired_and_anonymous_sessions_are_refused() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let browser = customer_of_shop(&app, "mine", &row).await;
    assert_eq!(browser.status().await, 200);
    shop_session(&app, "visitor", "", 3600).await;
    shop_session(&app, "expired", &format!(", \"customerID\": {}", row["customer_id"]), 0).await;
    shop_session(&app, "odd", ", \"customerID\": \"x\"", 3600).await;
    shop_session(&app, "gone", ", \"customerID\": 2147483647", 3600).await;
    for sid in ["visitor", "expired", "odd", "gone", "unknown", ""] {
        let response = Browser::new(&app, "sid", sid).delete("/api/customers/me/sessions").await;
        response.assert_failure(401, "unauthenticated");
    }
    for cookie in [
        format!("sid={}", signed("mine", "another secret")),
        "sid=mine".to_owned(),
        "sid=s%3Amine".to_owned(),
        format!("sid2={}", signed("mine", SECRET)),
        format!("asid={}", signed("mine", SECRET)),
        format!("sid={}", signed("mine\0", SECRET)).replace('\0', "%00"),
        // EverShop reads the first one.
        format!("sid=x; sid={}", signed("mine", SECRET)),
    ] {
        assert_eq!(Browser { app: &app, cookie: cookie.clone() }.status().await, 401, "{cookie}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_takes_precedence_over_a_cookie() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let browser = customer_of_shop(&app, "mine", &row).await;
    let other = app.customer("other@x.io").await;
    let patch = |token: &str| {
        let request = browser.request(Method::PATCH, "/api/customers/me").bearer_auth(token);
        request.json(&json!({"full_name": "Renamed"}))
    };
    browser.send(patch("bad")).await.assert_failure(401, "unauthenticated");
    assert_eq!(browser.send(patch(&other.token)).await.data()["email"], "other@x.io");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabling_and_logging_out_everywhere_end_the_sessions_of_the_shop() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let browsers = [customer_of_shop(&app, "one", &row).await, customer_of_shop(&app, "two", &row).await];
    assert_eq!(browsers[0].delete("/api/customers/me/sessions").await.status, 200);
    for browser in &browsers {
        assert_eq!(browser.status().await, 401);
    }
    let browser = customer_of_shop(&app, "three", &row).await;
    app.admin().patch(&url, &json!({"status": 0})).await.data();
    assert_eq!(browser.status().await, 401);
    app.admin().patch(&url, &json!({"status": 1})).await.data();
    assert_eq!(browser.status().await, 401, "enabling does not bring the session back");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_of_the_shop_is_an_admin_unless_it_has_a_second_factor() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let browser = admin_of_shop(&app, "admin").await;
    let renamed = browser.patch(&url, &json!({"full_name": "Renamed"})).await;
    assert_eq!(renamed.data()["full_name"], "Renamed");
    // A customer is not an admin, whichever cookie has its session.
    customer_of_shop(&app, "mine", &row).await;
    for name in ["sid", "asid"] {
        let customer = Browser::new(&app, name, "mine");
        customer.patch(&url, &json!({"status": 0})).await.assert_failure(401, "unauthenticated");
    }
    // An admin is not a customer.
    browser.delete("/api/customers/me/sessions").await.assert_failure(401, "unauthenticated");
    app.turn_factor_on(&app.admin()).await;
    shop_session(&app, "later", ", \"userID\": 1", 3600).await;
    let browser = Browser::new(&app, "asid", "later");
    browser.patch(&url, &json!({"full_name": "B"})).await.assert_failure(401, "unauthenticated");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_of_the_shop_needs_the_second_factor_that_the_settings_require() {
    let app = start_with(&[("PATRON_ADMIN_SECOND_FACTOR", "required")]).await;
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let browser = admin_of_shop(&app, "admin").await;
    let refused = browser.patch(&url, &json!({"full_name": "B"})).await;
    refused.assert_failure(403, "second_factor_setup_required");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_routes_of_customers_read_cookies() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let customer = customer_of_shop(&app, "mine", &row).await;
    let query = json!({"query": "{ currentCustomer { uuid } }"});
    let response = customer.post("/api/graphql", &query).await;
    assert!(response.data()["currentCustomer"].is_null(), "{response:?}");
    let admin = admin_of_shop(&app, "admin").await;
    let group = json!({"group_name": "VIP"});
    admin.post("/api/customer-groups", &group).await.assert_failure(401, "unauthenticated");
    let response = admin.post("/api/admin/graphql", &query).await;
    assert_eq!((response.status, response.graphql_code()), (401, "UNAUTHENTICATED"));
    // A registration is that of a visitor, also if an admin is logged in, so the fields of admins are ignored.
    let body =
        json!({"full_name": "B", "email": "b@x.io", "password": "customer correct horse", "status": 0});
    let response = admin.post("/api/customers", &body).await;
    assert_eq!((response.status, &response.data()["status"]), (201, &json!(1)));
    app.stop().await;
}
