//! Many at once.

use serde_json::json;

use crate::support::{Actor, CUSTOMER_PASSWORD, apply, on_both_databases};

/// One customer, the rest 409, none 5xx, whoever loses the race to the unique index.
#[apply(on_both_databases!)]
async fn two_hundred_registrations_of_one_address(app: &TestApp) {
    let register = async |number: usize| {
        let email: String = "john.smith@example.com"
            .char_indices()
            .map(|(at, c)| if (number >> (at % 8)) & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        let body =
            json!({"full_name": format!("John {number}"), "email": email, "password": CUSTOMER_PASSWORD});
        app.anonymous().post("/api/customers", &body).await
    };
    let answers = futures_util::future::join_all((0..200).map(register)).await;
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.assert_failure(409, "email_taken");
    }
    assert_eq!(app.customers().await.len(), 1);
}

/// Each change counts once: none overwrites another unseen.
#[apply(on_both_databases!)]
async fn fifty_changes_of_one_customer(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let admin = app.admin();
    let change =
        async |number: usize| admin.patch(&url, &json!({"full_name": format!("John {number}")})).await;
    let answers = futures_util::future::join_all((0..50).map(change)).await;
    let mut versions: Vec<i64> =
        answers.iter().map(|answer| answer.data()["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=51).collect::<Vec<i64>>());
}

/// One deletes it, the others find nothing.
#[apply(on_both_databases!)]
async fn ten_deletes_of_one_customer(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let admin = app.admin();
    let answers =
        futures_util::future::join_all((0..10).map(async |_| admin.delete(&url).await.status)).await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 404).count(), 9, "{answers:?}");
}
