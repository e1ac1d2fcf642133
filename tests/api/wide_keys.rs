//! Keys and counters beyond 32 bits keep working.

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{Actor, CUSTOMER_PASSWORD, Customer, Receiver, TestApp, apply, on_both_databases};

/// Tables that grow with use, except those whose keys EverShop defines.
const TABLES: [&str; 7] = [
    "admin_session",
    "customer_session",
    "verify_email_token",
    "mail",
    "journal_entry",
    "webhook_endpoint",
    "webhook_delivery",
];

async fn execute(app: &TestApp, sql: &str) {
    app.app.db.writer().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Sets the key of the next row of each of these tables to 2^31.
async fn use_up_32_bits(app: &TestApp) {
    for table in TABLES {
        if app.database.is_some() {
            let sequence = format!("pg_get_serial_sequence('{table}', '{table}_id')");
            execute(app, &format!("SELECT setval({sequence}, 2147483647)")).await;
        } else {
            execute(app, &format!("DELETE FROM sqlite_sequence WHERE name = '{table}'")).await;
            execute(app, &format!("INSERT INTO sqlite_sequence (name, seq) VALUES ('{table}', 2147483647)"))
                .await;
        }
    }
}

async fn refresh(app: &TestApp, token: &str) -> Value {
    app.anonymous().post("/api/customer/token/refresh", &json!({"refreshToken": token})).await.data()
}

async fn is_logged_in(customer: &Customer<'_>) -> bool {
    customer.query("{ currentCustomer { uuid sessions { id } } }").await.status == 200
}

#[apply(on_both_databases!)]
async fn keys_beyond_32_bits_work(app: &TestApp) {
    let app = app.with_webhooks().await;
    use_up_32_bits(&app).await;
    let receiver = Receiver::start().await;
    app.add_endpoint(&receiver.url, &["*"]).await;
    let customer = app.customer("a@x.io").await;
    // A usual refresh, a second one with the same token, and one that ends the family.
    let next = refresh(&app, &customer.refresh_token).await;
    let other = refresh(&app, &customer.refresh_token).await;
    refresh(&app, other["refreshToken"].as_str().unwrap()).await;
    let body = json!({"refreshToken": next["refreshToken"]});
    app.anonymous().post("/api/customer/token/refresh", &body).await.assert_failure(401, "unauthenticated");
    let customer = app.log_in_customer(&customer.row).await;
    assert!(is_logged_in(&customer).await);
    let body = json!({"current_password": CUSTOMER_PASSWORD, "password": "another good one"});
    let pair = customer.post("/api/customers/me/password", &body).await.data();
    refresh(&app, pair["refreshToken"].as_str().unwrap()).await;
    let token = app.reset_token("a@x.io").await;
    let body = json!({"token": token, "password": CUSTOMER_PASSWORD});
    let pair = app.anonymous().post("/api/customers/password", &body).await.data();
    assert!(is_logged_in(&customer.with_tokens(&pair)).await);
    customer.with_tokens(&pair).patch("/api/customers/me", &json!({"email": "b@x.io"})).await.data();
    let token = app.deliver_mails().await.iter().find(|mail| mail.to == "b@x.io").unwrap().token();
    app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await.data();
    let field = json!({"name": "Size", "fieldKey": "size", "fieldType": "integer", "ownerType": "customer"});
    assert_eq!(app.admin().post("/api/metafield-definitions", &field).await.status, 201);
    assert!(app.deliver_webhooks().await > 5);
    assert!(receiver.take().iter().any(|received| received.kind().0 == "customer.created"));
    let query = "{ webhookDeliveries(first: 2) { nodes { uuid endpoint { uuid } } pageInfo { endCursor } } }";
    let page = app.admin().query(query).await.data()["webhookDeliveries"].clone();
    assert!(page["nodes"][1]["endpoint"]["uuid"].is_string(), "{page}");
    let query = format!(
        "{{ webhookDeliveries(first: 2, after: {}) {{ nodes {{ uuid }} }} }}",
        page["pageInfo"]["endCursor"]
    );
    assert_eq!(
        app.admin().query(&query).await.data()["webhookDeliveries"]["nodes"].as_array().unwrap().len(),
        2
    );
    patron::service::housekeeping::run_once(&patron::app::ctx::AdminCtx::system(app.app.clone()))
        .await
        .unwrap();
    receiver.stop();
    app.stop().await;
}

/// GraphQL's `Int` has 32 bits; versions are compared for equality only.
#[apply(on_both_databases!)]
async fn a_version_wraps_to_1(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let address = app.add_address(&row, "US-CA", true).await;
    execute(app, "UPDATE customer SET version = 2147483647").await;
    execute(app, "UPDATE customer_address SET version = 2147483647").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let change = async |url: &str, body: Value| {
        let request = app.admin().request(reqwest::Method::PATCH, url).header("if-match", "\"2147483647\"");
        app.admin().send(request.json(&body)).await
    };
    let changed = change(&url, json!({"full_name": "Jane"})).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"1\"")), "{changed:?}");
    assert_eq!(change(&url, json!({"full_name": "Joan"})).await.status, 412);
    let address = format!("{url}/addresses/{}", address["uuid"].as_str().unwrap());
    let changed = change(&address, json!({"city": "Oakland"})).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"1\"")), "{changed:?}");
    // A group that is deleted changes all of its members.
    let group = app.admin().post("/api/customer-groups", &json!({"group_name": "VIP"})).await.data();
    app.admin().patch(&url, &json!({"group_id": group["customer_group_id"]})).await.data();
    execute(app, "UPDATE customer SET version = 2147483647").await;
    let group = format!("/api/customer-groups/{}", group["uuid"].as_str().unwrap());
    assert_eq!(app.admin().delete(&group).await.status, 200);
    assert_eq!(app.customers().await[0].version, 1);
}

#[apply(on_both_databases!)]
async fn token_generations_exceed_32_bits(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    execute(app, "UPDATE customer SET token_generation = 2147483647").await;
    execute(app, "UPDATE admin_user SET token_generation = 2147483647").await;
    assert!(!is_logged_in(&customer).await);
    let customer = app.log_in_customer(&customer.row).await;
    customer.delete("/api/customers/me/sessions").await.data();
    assert!(!is_logged_in(&customer).await);
    let customer = app.log_in_customer(&customer.row).await;
    assert!(is_logged_in(&customer).await);
    assert_eq!(app.customers().await[0].token_generation, 2_147_483_648);
    let admin = app.log_in_admin().await;
    admin.query("{ customers { total } }").await.data();
}
