//! Tokens of EverShop, which has the same secrets: they name no session and no generation, so the time at which they were issued
//! decides whether a later change has invalidated them.

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, Header};
use patron::service::token::{self, TokenKind};
use patron::types::Audience;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Customer, TestApp, apply, on_both_databases, sign};

/// The claims of a token that EverShop issues now.
fn claims(app: &TestApp, role: &str, account: Value) -> Value {
    let now = app.now().timestamp();
    let name = if role == "admin" { "user" } else { "customer" };
    json!({
        name: account, "tokenType": role, "tokenKind": "access", "aud": role, "iss": "evershop",
        "iat": now, "exp": now + 900,
    })
}

/// A token that EverShop issues to the admin now.
async fn admin_token(app: &TestApp) -> String {
    let me = app.admin().post("/api/admin/graphql", &json!({"query": "{ me { uuid } }"})).await.data();
    let account = json!({
        "admin_user_id": 1, "uuid": me["me"]["uuid"], "email": ADMIN_EMAIL, "full_name": "Admin", "status": 1, "roles": "*",
        "created_at": crate::support::NOW, "updated_at": crate::support::NOW,
    });
    sign("admin", &claims(app, "admin", account))
}

async fn as_admin(app: &TestApp, token: &str) -> u16 {
    let request = app.client.post(format!("{}/api/admin/graphql", app.url)).bearer_auth(token);
    app.anonymous().send(request.json(&json!({"query": "{ me { uuid } }"}))).await.status
}

async fn is_accepted(customer: &Customer<'_>) -> bool {
    customer.query("{ currentCustomer { uuid } }").await.status == 200
}

/// A customer with this access token.
fn with_token<'a>(app: &'a TestApp, row: &Value, token: String) -> Customer<'a> {
    let mut customer = Customer::with_evershop_token(app, row);
    customer.token = token;
    customer
}

async fn execute(app: &TestApp, sql: &str) {
    app.app.db.writer().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[apply(on_both_databases!)]
async fn tokens_from_before_a_change_are_refused_and_later_ones_accepted(app: &TestApp) {
    let device = app.customer("a@x.io").await;
    let earlier = Customer::with_evershop_token(app, &device.row);
    assert!(is_accepted(&earlier).await);
    assert_eq!(device.delete("/api/customers/me/sessions").await.status, 200);
    // The tokens of EverShop have whole seconds, so all of the second of the change are refused.
    let same_second = Customer::with_evershop_token(app, &device.row);
    assert!(!is_accepted(&earlier).await && !is_accepted(&same_second).await);
    app.app.clock.advance(TimeDelta::seconds(1));
    assert!(
        is_accepted(&Customer::with_evershop_token(app, &device.row)).await && !is_accepted(&earlier).await
    );
}

#[apply(on_both_databases!)]
async fn tokens_of_admins_follow_the_same_rule(app: &TestApp) {
    let earlier = admin_token(app).await;
    assert_eq!(as_admin(app, &earlier).await, 200);
    let change = json!({"current_password": ADMIN_PASSWORD, "password": "another good one"});
    let admin = app.admin();
    assert_eq!(admin.post("/api/user/me/password", &change).await.status, 200);
    assert_eq!(as_admin(app, &earlier).await, 401);
    let pair = app.admin_tokens(ADMIN_EMAIL, "another good one").await;
    assert_eq!(as_admin(app, pair["accessToken"].as_str().unwrap()).await, 200, "patron's have a generation");
    app.app.clock.advance(TimeDelta::seconds(1));
    let later: Value = jsonwebtoken::dangerous::insecure_decode(&earlier).unwrap().claims;
    let later = sign("admin", &claims(app, "admin", later["user"].clone()));
    assert_eq!(as_admin(app, &later).await, 200);
}

/// An extension of EverShop may limit an admin to some routes, which patron does not know.
#[apply(on_both_databases!)]
async fn tokens_of_admins_with_limited_roles_are_refused(app: &TestApp) {
    let token = admin_token(app).await;
    let issued: Value = jsonwebtoken::dangerous::insecure_decode(&token).unwrap().claims;
    for (roles, status) in [(json!("*"), 200), (json!("getOrders,getProducts"), 401), (json!(["*"]), 401)] {
        let mut account = issued["user"].clone();
        account["roles"] = roles.clone();
        let token = sign("admin", &claims(app, "admin", account));
        assert_eq!(as_admin(app, &token).await, status, "{roles}");
    }
}

/// Accounts whose tokens an earlier release has invalidated have no such time.
#[apply(on_both_databases!)]
async fn an_account_without_the_time_accepts_none_after_a_change(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let customer = Customer::with_evershop_token(app, &row);
    assert!(is_accepted(&customer).await);
    execute(app, "UPDATE customer SET token_generation = 3, tokens_valid_from = NULL").await;
    assert!(!is_accepted(&customer).await);
}

/// EverShop names an account by other claims, and some of them may be null.
#[apply(on_both_databases!)]
async fn only_the_uuid_of_an_account_is_needed(app: &TestApp) {
    let row = app.register("a@x.io").await;
    for account in [
        json!({"uuid": row["uuid"]}),
        json!({"customer_id": 1, "uuid": row["uuid"], "email": null, "full_name": null, "group_id": "1"}),
        json!({"id": 1, "customer_id": 1, "uuid": row["uuid"]}),
    ] {
        let token = sign("customer", &claims(app, "customer", account.clone()));
        assert!(is_accepted(&with_token(app, &row, token)).await, "{account}");
    }
    let token = sign("customer", &claims(app, "customer", json!({"customer_id": 1})));
    assert!(!is_accepted(&with_token(app, &row, token)).await);
}

/// They don't rotate, so a stolen one could be used until it expires.
#[apply(on_both_databases!)]
async fn refresh_tokens_of_evershop_are_refused(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let keys = &app.app.keys;
    for (audience, account, key, path) in [
        (
            Audience::Customer,
            json!({"customer_id": 1, "uuid": row["uuid"]}),
            &keys.customer_refresh,
            "/api/customer/token/refresh",
        ),
        (
            Audience::Admin,
            json!({"admin_user_id": 1, "uuid": row["uuid"]}),
            &keys.admin_refresh,
            "/api/user/token/refresh",
        ),
    ] {
        let mut claims = claims(app, audience.name(), account);
        claims["tokenKind"] = "refresh".into();
        let header = Header::new(Algorithm::HS256);
        let token = jsonwebtoken::encode(&header, &claims, &key.current.encoding).unwrap();
        assert!(
            token::verify(&app.app, &token, audience, TokenKind::Refresh).is_some(),
            "it is signed correctly"
        );
        let body = json!({"refreshToken": token});
        app.anonymous().post(path, &body).await.assert_failure(401, "unauthenticated");
    }
}
