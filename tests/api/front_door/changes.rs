//! Changes with a session cookie: what EverShop's storefront and back office send, and what pages of other origins can send.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Browser, customer_of_shop, shop_session, start, start_with};
use crate::support::Actor;

fn address(is_default: bool) -> Value {
    json!({
        "full_name": "John Smith", "telephone": "+1 415 555 0100", "address_1": "1 Market Street", "address_2": "",
        "city": "San Francisco", "country": "US", "province": "US-CA", "postcode": "94103", "is_default": is_default,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_storefront_changes_profile_and_addresses() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let browser = customer_of_shop(&app, "mine", &row).await;
    let profile = json!({"full_name": "Jane Smith", "email": "a@x.io"});
    let response = browser.patch("/api/customers/me", &profile).await;
    assert_eq!(response.data()["full_name"], "Jane Smith");
    let addresses = "/api/customers/me/addresses";
    let created = browser.post(addresses, &address(true)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let url = format!("{addresses}/{}", created.data()["uuid"].as_str().unwrap());
    let second = browser.post(addresses, &address(true)).await;
    let changed = browser.patch(&url, &address(true)).await;
    assert_eq!(changed.data()["is_default"], true);
    let etag = changed.header("etag").expect("a version").to_owned();
    let stale = browser.request(Method::PATCH, &url).header("if-match", "\"1\"").json(&address(false));
    browser.send(stale).await.assert_failure(412, "precondition_failed");
    let delete = browser.request(Method::DELETE, &url).header("if-match", etag);
    assert_eq!(browser.send(delete).await.status, 200);
    let second = format!("{addresses}/{}", second.data()["uuid"].as_str().unwrap());
    assert_eq!(browser.delete(&second).await.status, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_back_office_of_the_shop_sets_custom_fields() {
    let app = start().await;
    let row = app.register("a@x.io").await;
    let definition =
        json!({"ownerType": "customer", "fieldKey": "loyalty", "name": "Loyalty", "fieldType": "integer"});
    app.admin().post("/api/metafield-definitions", &definition).await.data();
    shop_session(&app, "admin", ", \"userID\": 1", 3600).await;
    let browser = Browser::new(&app, "asid", "admin");
    let url = format!("/api/customers/{}/metafields", row["uuid"].as_str().unwrap());
    let response = browser.patch(&url, &json!({"metafields": {"custom": {"loyalty": 7}}})).await;
    assert_eq!(response.status, 200, "{response:?}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_pages_of_other_origins_can_send_are_refused() {
    let app = start_with(&[("PATRON_PUBLIC_URL", "https://shop.example")]).await;
    let row = app.register("a@x.io").await;
    let browser = customer_of_shop(&app, "mine", &row).await;
    let body = r#"{"full_name": "Attacker"}"#;
    let send = async |method: Method, headers: &[(&str, &str)]| {
        let request = browser.bare(method, "/api/customers/me").body(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        browser.send(request).await
    };
    let (json, own) = (("content-type", "application/json"), ("origin", "https://shop.example"));
    for headers in [
        &[json][..],
        &[json, ("origin", "https://evil.example")],
        &[json, ("origin", "null")],
        &[json, ("origin", app.url.as_str())],
        &[json, ("sec-fetch-site", "same-site")],
        &[json, own, ("sec-fetch-site", "cross-site")],
        &[own],
        &[own, ("content-type", "text/plain")],
        &[own, ("content-type", "application/x-www-form-urlencoded")],
    ] {
        for method in [Method::PATCH, Method::DELETE] {
            send(method, headers).await.assert_failure(403, "forbidden");
        }
    }
    assert_eq!(app.customers().await[0].full_name, "John Smith");
    for headers in [&[json, own][..], &[json, ("sec-fetch-site", "same-origin")]] {
        assert_eq!(send(Method::PATCH, headers).await.status, 200, "{headers:?}");
    }
    app.stop().await;
}
