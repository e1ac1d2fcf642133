//! The algorithm of new password hashes: with bcrypt, which EverShop can verify, no hash is replaced, and longer passwords than
//! bcrypt hashes are refused everywhere.

use patron::config::Flags;
use patron::entity::customer;
use patron::types::PasswordHash;
use reqwest::Method;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use crate::support::{
    ADMIN_PASSWORD, Actor, CUSTOMER_PASSWORD, TestApp, TestResponse, apply, on_both_databases, shop_hash,
};

const TOO_LONG: &str = "Password must be at most 72 bytes";

fn with_bcrypt(flags: Flags) -> Flags {
    flags.with("PATRON_PASSWORD_HASHES", "bcrypt")
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> TestResponse {
    app.anonymous().post("/api/customer/tokens", &json!({"email": email, "password": password})).await
}

/// The stored hash of the only customer.
async fn stored(app: &TestApp) -> String {
    app.customers().await.remove(0).password.expose().to_owned()
}

/// A password with this many bytes, 75 at most.
fn long(bytes: usize) -> String {
    "Correct horse! ".repeat(5)[..bytes].to_owned()
}

#[apply(on_both_databases!)]
async fn bcrypt_hashes_are_verified_and_stay(backend: Backend) {
    let app = TestApp::start_with(backend, with_bcrypt).await;
    app.register("a@x.io").await;
    let new = stored(&app).await;
    assert!(new.starts_with("$2b$10$") && bcrypt::verify(CUSTOMER_PASSWORD, &new).unwrap(), "{new}");
    let argon2id = TestApp::start_with(backend, |flags| flags).await;
    argon2id.register("a@x.io").await;
    let of_shop = shop_hash(CUSTOMER_PASSWORD);
    for hash in [new, of_shop.replacen("$2b$", "$2a$", 1), of_shop, stored(&argon2id).await] {
        let update = customer::Entity::update_many()
            .col_expr(customer::Column::Password, Expr::val(PasswordHash::new(hash.clone())))
            .filter(customer::Column::CustomerId.gt(0));
        update.exec(app.app.db.writer()).await.unwrap();
        assert_eq!(log_in(&app, "a@x.io", CUSTOMER_PASSWORD).await.status, 200, "{hash}");
        assert_eq!(stored(&app).await, hash, "a login replaces nothing");
        assert_eq!(log_in(&app, "a@x.io", "wrong wrong").await.status, 401, "{hash}");
        app.app.clock.advance(chrono::TimeDelta::seconds(1));
    }
    argon2id.stop().await;
    app.stop().await;
}

/// The typed bytes are hashed, because EverShop compares them. patron also accepts the composed form of an older hash.
#[apply(on_both_databases!)]
async fn bcrypt_hashes_the_typed_bytes(backend: Backend) {
    let app = TestApp::start_with(backend, with_bcrypt).await;
    let typed = "cafe\u{301} cre\u{300}me";
    let body = json!({"full_name": "A", "email": "a@x.io", "password": typed});
    assert_eq!(app.anonymous().post("/api/customers", &body).await.status, 201);
    assert!(bcrypt::verify(typed, &stored(&app).await).unwrap());
    assert_eq!(log_in(&app, "a@x.io", typed).await.status, 200);
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn passwords_that_bcrypt_would_cut_are_refused(backend: Backend) {
    let app = TestApp::start_with(backend, with_bcrypt).await;
    let customer = app.customer("a@x.io").await;
    app.deliver_mails().await;
    let token = app.reset_token("a@x.io").await;
    let before = app.customers().await;
    let (admin, anonymous) = (app.admin(), app.anonymous());
    let url = format!("/api/customers/{}", before[0].uuid);
    let path = "/api/customers";
    let (as_admin, as_customer) = (admin.token(), customer.token());
    let own = json!({"current_password": CUSTOMER_PASSWORD});
    let routes = [
        (None, Method::POST, path, json!({"full_name": "B", "email": "b@x.io"})),
        (as_admin, Method::PATCH, url.as_str(), json!({})),
        (as_customer, Method::POST, "/api/customers/me/password", own),
        (None, Method::POST, "/api/customers/password", json!({"token": token})),
        (as_admin, Method::POST, "/api/users", json!({"full_name": "B", "email": "b@x.io"})),
        (as_admin, Method::POST, "/api/user/me/password", json!({"current_password": ADMIN_PASSWORD})),
    ];
    for (token, method, path, mut body) in routes {
        body["password"] = long(73).into();
        let request = app.client.request(method.clone(), format!("{}{path}", app.url)).json(&body);
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        let response = anonymous.send(request).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [("password", TOO_LONG)], "{method} {path}");
    }
    assert_eq!(app.customers().await, before);
    // All problems at once, and what fits is not refused.
    let body = json!({"full_name": "B", "email": "b", "password": long(73)});
    let refused = anonymous.post(path, &body).await;
    let fields: Vec<&str> = refused.details().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["email", "password"]);
    let body = json!({"full_name": "B", "email": "b@x.io", "password": long(72)});
    assert_eq!(anonymous.post(path, &body).await.status, 201);
    assert_eq!(log_in(&app, "b@x.io", &long(72)).await.status, 200);
    app.stop().await;
}

/// Without EverShop, the default is argon2id, with the same rules as before.
#[apply(on_both_databases!)]
async fn an_own_database_gets_argon2id(app: &TestApp) {
    let body = json!({"full_name": "B", "email": "b@x.io", "password": long(73)});
    assert_eq!(app.anonymous().post("/api/customers", &body).await.status, 201);
    assert!(stored(app).await.starts_with("$argon2id$"));
    assert_eq!(log_in(app, "b@x.io", &long(73)).await.status, 200);
}
