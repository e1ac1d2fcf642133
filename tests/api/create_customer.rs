//! `POST /api/customers`.

use patron::crypto::password_hasher::Lane;
use serde_json::json;

use crate::support::{Actor, CUSTOMER_PASSWORD, NOW, apply, on_both_databases};

/// The documented example; the response has exactly the documented fields, in order.
#[apply(on_both_databases!)]
async fn the_documented_example_works(app: &TestApp) {
    let body =
        json!({"full_name": "John Smith", "email": "john.smith@example.com", "password": CUSTOMER_PASSWORD});
    let response = app.anonymous().post("/api/customers", &body).await;
    assert_eq!(response.status, 201, "{response:?}");
    let data = response.data();
    let uuid = data["uuid"].as_str().unwrap();
    assert_eq!(response.header("location"), Some(format!("/api/customers/{uuid}").as_str()));
    let expected = format!(
        r#"{{"data":{{"customer_id":1,"uuid":"{uuid}","status":1,"group_id":1,"email":"john.smith@example.com","full_name":"John Smith","created_at":"{NOW}","updated_at":"{NOW}","version":1,"links":[{{"rel":"customerGrid","href":"/admin/customers","action":"GET","types":["text/xml"]}},{{"rel":"edit","href":"/admin/customers/edit/{uuid}","action":"GET","types":["text/xml"]}}]}}}}"#
    );
    assert_eq!(response.text, expected);
    assert_eq!(uuid.len(), 36);
}

#[apply(on_both_databases!)]
async fn passwords_are_stored_as_argon2id(app: &TestApp) {
    app.register("a@x.io").await;
    let customers = app.customers().await;
    let hash = customers[0].password.expose();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(!hash.contains(CUSTOMER_PASSWORD));
}

#[apply(on_both_databases!)]
async fn anyone_registers_but_only_an_admin_sets_protected_fields(app: &TestApp) {
    let body = |email: &str| {
        json!({
            "full_name": "A", "email": email, "password": CUSTOMER_PASSWORD, "status": "0", "group_id": "1",
            "meta_data": {"a": [1]}, "customer_id": 99, "uuid": "433ba97f-8be7-4be9-be3f-a9f341f2b89f",
            "created_at": "2000-01-01T00:00:00Z", "updated_at": "2000-01-01T00:00:00Z", "version": 9, "token_generation": 9,
            "unknown": true,
        })
    };
    let customer = app.customer("c@x.io").await;
    for (row, status, meta_data) in [
        (app.anonymous().post("/api/customers", &body("a@x.io")).await.data(), 1, json!({})),
        (customer.post("/api/customers", &body("b@x.io")).await.data(), 1, json!({})),
        (app.admin().post("/api/customers", &body("d@x.io")).await.data(), 0, json!({"a": [1]})),
    ] {
        assert_eq!(row["status"], status);
        assert_eq!(row["version"], 1);
        assert_eq!(row["created_at"], NOW);
        assert_ne!(row["customer_id"], 99);
        assert_ne!(row["uuid"], "433ba97f-8be7-4be9-be3f-a9f341f2b89f");
        let stored = app.customers().await;
        let stored = stored.iter().find(|stored| stored.customer_id == row["customer_id"]).unwrap();
        assert_eq!((&stored.meta_data, stored.token_generation), (&meta_data, 0));
    }
}

/// Fields that the caller may not set are ignored, even with invalid values.
#[apply(on_both_databases!)]
async fn protected_fields_are_ignored_even_if_invalid(app: &TestApp) {
    let body = json!({"full_name": "A", "email": "a@x.io", "password": CUSTOMER_PASSWORD, "status": 7, "group_id": "x"});
    assert_eq!(app.anonymous().post("/api/customers", &body).await.data()["status"], 1);
}

#[apply(on_both_databases!)]
async fn email_addresses_are_unique_regardless_of_case(app: &TestApp) {
    let row = app.register("  John@X.io ").await;
    assert_eq!(row["email"], "John@X.io");
    app.register("jörg@x.io").await;
    let before = app.customers().await;
    for email in ["john@x.io", "JOHN@X.IO", "John@x.io", "JÖRG@X.io", "jo\u{308}rg@x.io"] {
        let body = json!({"full_name": "B", "email": email, "password": CUSTOMER_PASSWORD});
        let response = app.anonymous().post("/api/customers", &body).await;
        response.assert_failure(409, "email_taken");
        assert_eq!(response.message(), "Email is already used");
    }
    assert_eq!(app.customers().await, before);
}

#[apply(on_both_databases!)]
async fn names_of_all_scripts_are_returned_unchanged(app: &TestApp) {
    for (number, name) in
        ["Zoë Müller", "محمد بن سلمان", "נועם", "山田 太郎", "O'Brien <b>&amp;", "👩‍👩‍👧 Family", " padded "]
            .iter()
            .enumerate()
    {
        let body =
            json!({"full_name": name, "email": format!("n{number}@x.io"), "password": CUSTOMER_PASSWORD});
        assert_eq!(app.anonymous().post("/api/customers", &body).await.data()["full_name"], *name);
    }
}

/// Passwords are never trimmed, escaped or truncated.
#[apply(on_both_databases!)]
async fn passwords_are_not_modified(app: &TestApp) {
    for (number, password) in
        ["  spaces around  ", "nul\0inside it", "é".repeat(512).as_str(), "<&\"'\\>\n\t"].iter().enumerate()
    {
        let body = json!({"full_name": "A", "email": format!("p{number}@x.io"), "password": password});
        assert_eq!(app.anonymous().post("/api/customers", &body).await.status, 201);
        let stored = app.customers().await.pop().unwrap();
        let same = app
            .app
            .hasher
            .verify(&patron::db::BackgroundJob, Lane::System, &(*password).into(), Some(&stored.password))
            .await
            .unwrap()
            .verdict
            .is_match();
        let trimmed = app
            .app
            .hasher
            .verify(&patron::db::BackgroundJob, Lane::System, &password.trim().into(), Some(&stored.password))
            .await
            .unwrap()
            .verdict
            .is_match();
        assert!(same && (trimmed == (password.trim() == *password)), "{password:?}");
    }
}

#[apply(on_both_databases!)]
async fn all_problems_are_reported_at_once(app: &TestApp) {
    let response = app.admin().post("/api/customers", &json!({})).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(
        response.details(),
        [
            ("full_name", "Full name is required and cannot be empty"),
            ("email", "Email is required"),
            ("password", "Password is required and cannot be empty"),
        ]
    );
    let response = app
        .admin()
        .post("/api/customers", &json!({"status": 2, "full_name": "", "email": "x", "password": ""}))
        .await;
    assert_eq!(
        response.details(),
        [
            ("status", "Status must be either 0, 1, '0', or '1'"),
            ("full_name", "Full name is required and cannot be empty"),
            ("email", "Email must be a valid email address (e.g., user@example.com)"),
            ("password", "Password is required and cannot be empty"),
        ]
    );
    let response = app
        .admin()
        .post("/api/customers", &json!({"status": true, "full_name": 1, "email": [], "password": {}}))
        .await;
    assert_eq!(
        response.details(),
        [
            ("status", "Status must be a string or number"),
            ("full_name", "Full name must be a string"),
            ("email", "Email must be a string"),
            ("password", "Password must be a string"),
        ]
    );
    assert_eq!(app.customers().await, []);
}
