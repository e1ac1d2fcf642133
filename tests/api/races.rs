//! Concurrent requests for one customer.

use serde_json::json;

use crate::support::{Actor, CUSTOMER_PASSWORD, apply, on_both_databases};

/// One registration succeeds, the others receive 409, and none 5xx, because the unique index decides.
#[apply(on_both_databases!)]
async fn concurrent_registrations_create_one_customer(app: &TestApp) {
    let register = async |number: usize| {
        let email: String = "john.smith@example.com"
            .char_indices()
            .map(|(at, c)| if (number >> (at % 8)) & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        let body =
            json!({"full_name": format!("John {number}"), "email": email, "password": CUSTOMER_PASSWORD});
        app.anonymous().post("/api/customers", &body).await
    };
    let responses = futures_util::future::join_all((0..200).map(register)).await;
    let created = responses.iter().filter(|response| response.status == 201).count();
    assert_eq!(created, 1);
    for response in responses.iter().filter(|response| response.status != 201) {
        response.assert_failure(409, "email_taken");
    }
    assert_eq!(app.customers().await.len(), 1);
}

/// Each change increments the version, so no change overwrites another.
#[apply(on_both_databases!)]
async fn concurrent_changes_all_count(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let admin = app.admin();
    let change =
        async |number: usize| admin.patch(&url, &json!({"full_name": format!("John {number}")})).await;
    let responses = futures_util::future::join_all((0..50).map(change)).await;
    let mut versions: Vec<i64> =
        responses.iter().map(|response| response.data()["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=51).collect::<Vec<i64>>());
}

/// One request deletes the customer, the others receive 404.
#[apply(on_both_databases!)]
async fn concurrent_deletes_succeed_once(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let admin = app.admin();
    let responses =
        futures_util::future::join_all((0..10).map(async |_| admin.delete(&url).await.status)).await;
    assert_eq!(responses.iter().filter(|status| **status == 200).count(), 1, "{responses:?}");
    assert_eq!(responses.iter().filter(|status| **status == 404).count(), 9, "{responses:?}");
}
