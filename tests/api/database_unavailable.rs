//! The database becomes unavailable and recovers: requests and readiness receive 503, and no restart is needed.

use serde_json::json;

use crate::support::{Actor, Backend, CUSTOMER_PASSWORD, TestApp, execute};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_fail_and_recover_with_postgres() {
    let app = TestApp::start_with(Backend::Postgres, |flags| flags.with("PATRON_DATABASE_WAIT", "1")).await;
    let row = app.register("a@x.io").await;
    let database = app.database.clone().unwrap();
    let body = json!({"full_name": "B", "email": "b@x.io", "password": CUSTOMER_PASSWORD});

    execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false")).await;
    execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"))
        .await;
    for _ in 0..3 {
        let response = app.anonymous().post("/api/customers", &body).await;
        response.assert_failure(503, "unavailable");
        assert_eq!(response.header("retry-after"), Some("1"));
    }
    let uuid = row["uuid"].as_str().unwrap();
    app.admin()
        .patch(&format!("/api/customers/{uuid}"), &json!({"full_name": "B"}))
        .await
        .assert_failure(503, "unavailable");
    let response = app.admin().query("{ customers { total } }").await;
    assert_eq!(
        (response.status, response.graphql_code()),
        (503, "UNAVAILABLE"),
        "the token can't be checked"
    );
    let response =
        app.anonymous().query("{ currentCustomer { uuid } countries(countries: [\"DE\"]) { code } }").await;
    assert_eq!(response.data()["countries"][0]["code"], "DE", "fields that need no database are returned");
    let ready = app.anonymous().get("/health/ready").await;
    ready.assert_failure(503, "unavailable");
    assert_eq!(ready.message(), "The database can't be reached");
    let state = |number: usize| ready.body["error"]["checks"][number]["status"].as_str();
    assert_eq!([state(0), state(1), state(2)], [Some("failed"), Some("unknown"), Some("unknown")]);
    assert_eq!(app.anonymous().get("/health/live").await.status, 200);

    execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true")).await;
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
    assert_eq!(app.anonymous().post("/api/customers", &body).await.status, 201);
    assert_eq!(app.customers().await.len(), 2);
    app.stop().await;
}
