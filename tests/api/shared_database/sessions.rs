//! Sessions of EverShop end with what ends all sessions at patron.

use serde_json::{Value, json};

use super::texts;
use crate::support::{ADMIN_PASSWORD, Actor, CUSTOMER_PASSWORD, Customer, TestApp, TestResponse};

/// Logs accounts in at EverShop. Each has the key by which EverShop stores it in its sessions.
async fn start_shop_sessions(app: &TestApp, accounts: &[(&str, &str, &Value)]) {
    for (sid, key, id) in accounts {
        let sess = json!({"cookie": {"path": "/"}, *key: id});
        app.run_as_shop(&format!("INSERT INTO session VALUES ('{sid}', '{sess}', now() + interval '1 day')"))
            .await;
    }
}

/// The sessions that are left.
async fn shop_sessions(app: &TestApp) -> Vec<String> {
    texts(&app.app.db, "SELECT sid FROM session ORDER BY sid").await
}

/// What ends all sessions of a customer.
async fn end(app: &TestApp, how: &str, customer: &Customer<'_>) -> TestResponse {
    let uuid = customer.row["uuid"].as_str().unwrap();
    let email = customer.row["email"].as_str().unwrap();
    let (admin, url) = (app.admin(), format!("/api/customers/{uuid}"));
    match how {
        "password" => {
            let body = json!({"current_password": CUSTOMER_PASSWORD, "password": "another good one"});
            customer.post("/api/customers/me/password", &body).await
        }
        "reset" => {
            let body = json!({"token": app.reset_token(email).await, "password": "another good one"});
            app.anonymous().post("/api/customers/password", &body).await
        }
        "password by an admin" => admin.patch(&url, &json!({"password": "another good one"})).await,
        "disabled" => admin.patch(&url, &json!({"status": 0})).await,
        "logged out everywhere" => customer.delete("/api/customers/me/sessions").await,
        "logged out by an admin" => admin.delete(&format!("{url}/sessions")).await,
        "logged out in bulk" => {
            admin.post("/api/customers/bulk", &json!({"action": "end_sessions", "customers": [uuid]})).await
        }
        "deleted" => admin.delete(&url).await,
        "deleted by itself" => {
            let request = customer.request(reqwest::Method::DELETE, "/api/customers/me");
            customer.send(request.json(&json!({"password": CUSTOMER_PASSWORD}))).await
        }
        other => panic!("{other}"),
    }
}

const WAYS: [&str; 9] = [
    "password",
    "reset",
    "password by an admin",
    "disabled",
    "logged out everywhere",
    "logged out by an admin",
    "logged out in bulk",
    "deleted",
    "deleted by itself",
];

async fn end_in_every_way(app: &TestApp, phase: &str) {
    for (number, how) in WAYS.into_iter().enumerate() {
        let customer = app.customer(&format!("{phase}{number}@x.io")).await;
        let id = &customer.row["customer_id"];
        let other = json!(id.as_i64().unwrap() + 100_000);
        let accounts = [
            ("a", "customerID", id),
            ("b", "customerID", id),
            ("c", "customerID", &other),
            ("d", "userID", id),
        ];
        start_shop_sessions(app, &accounts).await;
        // A change of anything else ends no session.
        let rename = json!({"full_name": "Ada Smith"});
        assert_eq!(customer.patch("/api/customers/me", &rename).await.status, 200);
        assert_eq!(shop_sessions(app).await, ["a", "b", "c", "d"], "{how}");
        let response = end(app, how, &customer).await;
        assert_eq!(response.status, 200, "{how}: {response:?}");
        assert_eq!(shop_sessions(app).await, ["c", "d"], "{how}");
        app.run_as_shop("DELETE FROM session").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_all_sessions_of_a_customer_ends_those_at_the_shop() {
    let app = TestApp::start_shared().await;
    end_in_every_way(&app, "shared").await;
    // The front door still uses them, and EverShop serves its pages.
    app.finish_adoption().await;
    end_in_every_way(&app, "finished").await;
    // An operator removes what is left of EverShop.
    app.run_as_shop("DROP TABLE session").await;
    app.finish_adoption().await;
    let customer = app.customer("last@x.io").await;
    assert_eq!(end(&app, "logged out everywhere", &customer).await.status, 200);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabling_an_admin_and_a_new_password_end_its_sessions_at_the_shop() {
    let app = TestApp::start_shared().await;
    let second = json!({"full_name": "B", "email": "b@x.io", "password": "another good one"});
    let second = app.admin().post("/api/users", &second).await.data();
    let (one, two) = (json!(1), json!(2));
    start_shop_sessions(&app, &[("a", "userID", &one), ("b", "userID", &two), ("c", "customerID", &one)])
        .await;
    let url = format!("/api/users/{}", second["uuid"].as_str().unwrap());
    assert_eq!(app.admin().patch(&url, &json!({"status": 0})).await.status, 200);
    assert_eq!(shop_sessions(&app).await, ["a", "c"]);
    let change = json!({"current_password": ADMIN_PASSWORD, "password": "another good one"});
    assert_eq!(app.admin().post("/api/user/me/password", &change).await.status, 200);
    assert_eq!(shop_sessions(&app).await, ["c"]);
    app.stop().await;
}
