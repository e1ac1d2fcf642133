//! Customer sessions: login, refresh, and logout from one session or all.

use chrono::TimeDelta;
use jsonwebtoken::dangerous::insecure_decode;
use patron::entity::customer_session;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{Actor, CUSTOMER_PASSWORD, Customer, TestApp, TestResponse, apply, on_both_databases};

async fn refresh(app: &TestApp, token: &str) -> TestResponse {
    app.anonymous().post("/api/customer/token/refresh", &json!({"refreshToken": token})).await
}

/// Refreshes and returns the new refresh token.
async fn next(app: &TestApp, token: &str) -> String {
    refresh(app, token).await.data()["refreshToken"].as_str().unwrap().to_owned()
}

async fn is_logged_in(customer: &Customer<'_>) -> bool {
    let response = customer.query("{ currentCustomer { uuid } }").await;
    assert!(response.status == 200 || response.status == 401, "{response:?}");
    response.status == 200
}

async fn sessions(customer: &Customer<'_>) -> Vec<Value> {
    let query = "{ currentCustomer { sessions { id createdAt lastUsedAt userAgent address current } } }";
    customer.query(query).await.data()["currentCustomer"]["sessions"].as_array().unwrap().clone()
}

#[apply(on_both_databases!)]
async fn claims_match_those_of_evershop(app: &TestApp) {
    let customer = app.customer("John@x.io").await;
    let claims: Value = insecure_decode(&customer.token).unwrap().claims;
    let now = app.now().timestamp();
    assert_eq!(
        claims["customer"],
        json!({
            "id": 1, "customer_id": 1, "uuid": customer.row["uuid"], "email": "John@x.io", "full_name": "John Smith",
            "group_id": 1, "status": 1,
        })
    );
    for (claim, value) in [
        ("tokenType", json!("customer")),
        ("tokenKind", json!("access")),
        ("aud", json!("customer")),
        ("iss", json!("evershop")),
        ("iat", json!(now)),
        ("exp", json!(now + 1800)),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    let claims: Value = insecure_decode(&customer.refresh_token).unwrap().claims;
    assert_eq!((&claims["tokenKind"], &claims["exp"]), (&json!("refresh"), &json!(now + 108_000)));
}

#[apply(on_both_databases!)]
async fn wrong_unknown_and_disabled_receive_the_same_response(app: &TestApp) {
    let row = app.register("a@x.io").await;
    app.register("off@x.io").await;
    let off = app.customers().await.pop().unwrap().uuid;
    app.admin().patch(&format!("/api/customers/{off}"), &json!({"status": 0})).await.data();
    for (email, password) in [
        ("a@x.io", "wrong wrong"),
        ("nobody@x.io", CUSTOMER_PASSWORD),
        ("no address", CUSTOMER_PASSWORD),
        ("off@x.io", CUSTOMER_PASSWORD),
        ("admin@localhost", CUSTOMER_PASSWORD),
        ("a@x.io", ""),
    ] {
        let response = app
            .anonymous()
            .post("/api/customer/tokens", &json!({"email": email, "password": password}))
            .await;
        response.assert_failure(401, "unauthenticated");
        assert_eq!(response.message(), "Invalid email or password");
    }
    app.app.clock.advance(TimeDelta::minutes(1));
    let body = json!({"email": " A@X.io ", "password": CUSTOMER_PASSWORD});
    app.anonymous().post("/api/customer/tokens", &body).await.data();
    assert_eq!(row["email"], "a@x.io");
}

#[apply(on_both_databases!)]
async fn tokens_of_another_kind_or_audience_refresh_nothing(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let admin = app.admin_tokens(crate::support::ADMIN_EMAIL, crate::support::ADMIN_PASSWORD).await;
    for token in [
        customer.token.as_str(),
        admin["refreshToken"].as_str().unwrap(),
        admin["accessToken"].as_str().unwrap(),
        "abc",
        "",
    ] {
        refresh(app, token).await.assert_failure(401, "unauthenticated");
    }
    let response = app
        .anonymous()
        .post("/api/user/token/refresh", &json!({"refreshToken": customer.refresh_token}))
        .await;
    response.assert_failure(401, "unauthenticated");
    let response = app.anonymous().post("/api/customer/token/refresh", &json!({})).await;
    assert_eq!(response.details(), [("refreshToken", "Refresh token is required")]);
    // A refresh token is not accepted as an access token.
    let request =
        app.anonymous().request(reqwest::Method::POST, "/api/graphql").bearer_auth(&customer.refresh_token);
    assert_eq!(app.anonymous().send(request.json(&json!({"query": "{__typename}"}))).await.status, 401);
    assert!(is_logged_in(&customer).await);
}

#[apply(on_both_databases!)]
async fn reuse_of_a_superseded_token_ends_the_session(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let second = next(app, &customer.refresh_token).await;
    let third = next(app, &second).await;
    assert!(is_logged_in(&customer).await);
    // The first token is superseded: its child has been used. The token family ends, access tokens included.
    refresh(app, &customer.refresh_token).await.assert_failure(401, "unauthenticated");
    refresh(app, &third).await.assert_failure(401, "unauthenticated");
    assert!(!is_logged_in(&customer).await);
}

/// Two tabs refresh at once, or a response is lost.
#[apply(on_both_databases!)]
async fn a_double_refresh_is_tolerated_until_a_child_is_used(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let (one, other) = (next(app, &customer.refresh_token).await, next(app, &customer.refresh_token).await);
    assert_ne!(one, other);
    let child = next(app, &one).await;
    assert_eq!(refresh(app, &child).await.status, 200);
    refresh(app, &customer.refresh_token).await.assert_failure(401, "unauthenticated");
    assert!(!is_logged_in(&customer).await);
}

/// Only one of the tokens issued for the same token is accepted. Using the other ends the session, for thief and owner.
#[apply(on_both_databases!)]
async fn using_two_children_of_one_token_ends_the_session(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let (thief, owner) = (next(app, &customer.refresh_token).await, next(app, &customer.refresh_token).await);
    let ahead = next(app, &thief).await;
    refresh(app, &owner).await.assert_failure(401, "unauthenticated");
    refresh(app, &ahead).await.assert_failure(401, "unauthenticated");
    assert!(!is_logged_in(&customer).await);
}

/// Repeated refreshes and logins do not fill the database.
#[apply(on_both_databases!)]
async fn tokens_and_sessions_are_bounded(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for _ in 0..55 {
        app.app.clock.advance(TimeDelta::milliseconds(1));
        app.log_in_customer(&customer.row).await;
    }
    let last = app.log_in_customer(&customer.row).await;
    assert_eq!(sessions(&last).await.len(), 50);
    assert!(!is_logged_in(&customer).await, "the least recently used session ended");
    let mut latest = String::new();
    for _ in 0..12 {
        latest = next(app, &last.refresh_token).await;
    }
    assert_eq!(customer_session::Entity::find().count(app.app.db.writer()).await.unwrap(), 50);
    assert_eq!(refresh(app, &latest).await.status, 200);
}

#[apply(on_both_databases!)]
async fn expired_rows_are_deleted(app: &TestApp) {
    use patron::service::housekeeping;
    let ctx = patron::app::ctx::AdminCtx::system(app.app.clone());
    let customer = app.customer("a@x.io").await;
    let other = app.register("b@x.io").await;
    app.anonymous()
        .post("/api/customer/tokens", &json!({"email": "b@x.io", "password": "wrong wrong"}))
        .await;
    let (token, _) = (app.reset_token("a@x.io").await, &other);
    assert_eq!(housekeeping::run_once(&ctx).await.unwrap(), 0, "all rows are in use");
    assert!(is_logged_in(&customer).await);
    app.app.clock.advance(TimeDelta::seconds(107_999));
    housekeeping::run_once(&ctx).await.unwrap();
    let second = next(app, &customer.refresh_token).await;
    let response = app
        .anonymous()
        .post("/api/customers/password", &json!({"token": token, "password": "another good one"}))
        .await;
    assert_eq!(response.status, 400);
    app.app.clock.advance(TimeDelta::days(31));
    assert!(housekeeping::run_once(&ctx).await.unwrap() > 0);
    refresh(app, &second).await.assert_failure(401, "unauthenticated");
    let db = app.app.db.writer();
    assert_eq!(customer_session::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(patron::entity::mail::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(patron::entity::throttle::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(patron::entity::reset_password_token::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(patron::entity::verify_email_token::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(app.customers().await.len(), 2);
}

#[apply(on_both_databases!)]
async fn concurrent_refreshes_all_succeed(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let responses =
        futures_util::future::join_all((0..20).map(|_| refresh(app, &customer.refresh_token))).await;
    assert!(responses.iter().all(|response| response.status == 200), "{responses:?}");
    let stored = customer_session::Entity::find().one(app.app.db.writer()).await.unwrap().unwrap();
    assert_eq!(stored.refresh_count, 1, "concurrent refreshes count once");
}

#[apply(on_both_databases!)]
async fn tokens_and_idle_sessions_expire(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.app.clock.advance(TimeDelta::seconds(1799));
    assert!(is_logged_in(&customer).await);
    app.app.clock.advance(TimeDelta::seconds(1));
    assert!(!is_logged_in(&customer).await);
    let second = next(app, &customer.refresh_token).await;
    app.app.clock.advance(TimeDelta::seconds(107_999));
    let third = next(app, &second).await;
    app.app.clock.advance(TimeDelta::seconds(108_000));
    refresh(app, &third).await.assert_failure(401, "unauthenticated");
    let renewed = app.log_in_customer(&customer.row).await;
    assert_eq!(sessions(&renewed).await.len(), 1, "the old session is deleted");
    assert_eq!(customer_session::Entity::find().count(app.app.db.writer()).await.unwrap(), 1);
}

#[apply(on_both_databases!)]
async fn logging_out_ends_only_this_session(app: &TestApp) {
    let (here, there) = {
        let here = app.customer("a@x.io").await;
        let there = app.log_in_customer(&here.row).await;
        (here, there)
    };
    let revoke = async |token: &str| {
        app.anonymous().post("/api/customer/token/revoke", &json!({"refreshToken": token})).await
    };
    let response = revoke(&here.refresh_token).await;
    assert_eq!((response.status, response.data()), (200, json!({})));
    assert!(!is_logged_in(&here).await && is_logged_in(&there).await);
    refresh(app, &here.refresh_token).await.assert_failure(401, "unauthenticated");
    for token in [here.refresh_token.as_str(), "abc"] {
        assert_eq!(revoke(token).await.status, 200, "revoking is idempotent");
    }
    assert!(is_logged_in(&there).await);
}

#[apply(on_both_databases!)]
async fn sessions_are_listed_and_ended(app: &TestApp) {
    let phone = app.customer("a@x.io").await;
    app.app.clock.advance(TimeDelta::seconds(1));
    let laptop = app.log_in_customer(&phone.row).await;
    let other = app.customer("b@x.io").await;
    let listed = sessions(&laptop).await;
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&listed[0]["createdAt"], &listed[0]["address"]),
        (&json!("2026-01-02T03:04:06.678Z"), &json!("127.0.0.1"))
    );
    let url = |id: &Value| format!("/api/customers/me/sessions/{}", id.as_str().unwrap());
    // A session of another customer is 404.
    for id in [&sessions(&other).await[0]["id"], &json!("433ba97f-8be7-4be9-be3f-a9f341f2b89f"), &json!("x")]
    {
        laptop.delete(&url(id)).await.assert_failure(404, "not_found");
    }
    let ended = laptop.delete(&url(&listed[1]["id"])).await.data();
    assert_eq!(ended["id"], listed[1]["id"]);
    assert!(!is_logged_in(&phone).await && is_logged_in(&laptop).await && is_logged_in(&other).await);
    laptop.delete(&url(&listed[1]["id"])).await.assert_failure(404, "not_found");

    let evershop = Customer::with_evershop_token(app, &phone.row);
    assert!(is_logged_in(&evershop).await);
    let response = laptop.delete("/api/customers/me/sessions").await;
    assert_eq!((response.status, response.data()), (200, json!({})));
    assert!(!is_logged_in(&laptop).await && !is_logged_in(&evershop).await && is_logged_in(&other).await);
    refresh(app, &laptop.refresh_token).await.assert_failure(401, "unauthenticated");
    assert!(is_logged_in(&app.log_in_customer(&phone.row).await).await);
}

/// An admin sees the sessions; tokens and their hashes are never returned.
#[apply(on_both_databases!)]
async fn admins_see_sessions(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let response = app.admin().query("{ customers { items { sessions { id current } } } }").await;
    assert_eq!(response.data()["customers"]["items"][0]["sessions"][0]["current"], false);
    next(app, &customer.refresh_token).await;
    let stored = customer_session::Entity::find().one(app.app.db.writer()).await.unwrap().unwrap();
    let hash = stored.last_refresh_token.unwrap();
    assert_eq!(hash.expose().len(), 64);
    assert!(!hash.expose().contains(&customer.refresh_token));
}

#[apply(on_both_databases!)]
async fn disabling_deleting_and_a_new_password_end_all_sessions(app: &TestApp) {
    for (number, patch) in [Some(json!({"status": 0})), Some(json!({"password": "another good one"})), None]
        .into_iter()
        .enumerate()
    {
        let customer = app.customer(&format!("c{number}@x.io")).await;
        let url = format!("/api/customers/{}", customer.row["uuid"].as_str().unwrap());
        match patch {
            Some(patch) => app.admin().patch(&url, &patch).await.data(),
            None => app.admin().delete(&url).await.data(),
        };
        assert!(!is_logged_in(&customer).await);
        refresh(app, &customer.refresh_token).await.assert_failure(401, "unauthenticated");
    }
    assert_eq!(customer_session::Entity::find().count(app.app.db.writer()).await.unwrap(), 0);
}

/// Refreshing does not extend a session beyond that (ASVS 7.3.2), and no token outlives it.
#[apply(on_both_databases!)]
async fn a_session_ends_ninety_days_after_the_login(app: &TestApp) {
    let (customer, start) = (app.customer("a@x.io").await, app.now());
    let end = (start + TimeDelta::days(90)).timestamp();
    let mut pair = json!({"refreshToken": customer.refresh_token});
    for _ in 0..80 {
        app.app.clock.advance(TimeDelta::hours(27) - TimeDelta::seconds(1));
        pair = refresh(app, pair["refreshToken"].as_str().unwrap()).await.data();
    }
    for token in ["accessToken", "refreshToken"] {
        let claims: Value = insecure_decode(pair[token].as_str().unwrap()).unwrap().claims;
        assert_eq!(claims["exp"], json!(end), "{token}");
    }
    let customer = customer.with_tokens(&pair);
    assert!(is_logged_in(&customer).await);
    app.app.clock.advance(start + TimeDelta::days(90) - app.now());
    assert!(!is_logged_in(&customer).await);
    refresh(app, &customer.refresh_token).await.assert_failure(401, "unauthenticated");
    let renewed = app.log_in_customer(&customer.row).await;
    assert_eq!(sessions(&renewed).await.len(), 1);
    next(app, &renewed.refresh_token).await;
}

/// A password change does not restart the lifetime.
#[apply(on_both_databases!)]
async fn the_session_lifetime_is_configurable(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_CUSTOMER_SESSION_LIFETIME", "3600")).await;
    let customer = app.customer("a@x.io").await;
    app.app.clock.advance(TimeDelta::minutes(59));
    let second = next(&app, &customer.refresh_token).await;
    app.app.clock.advance(TimeDelta::minutes(1));
    refresh(&app, &second).await.assert_failure(401, "unauthenticated");
    // Changing the password is not a login: the session ends at the same time.
    let customer = app.log_in_customer(&customer.row).await;
    app.app.clock.advance(TimeDelta::minutes(25));
    let body = json!({"current_password": CUSTOMER_PASSWORD, "password": "another good one"});
    let pair = customer.post("/api/customers/me/password", &body).await.data();
    let claims: Value = insecure_decode(pair["refreshToken"].as_str().unwrap()).unwrap().claims;
    assert_eq!(claims["exp"], json!((app.now() + TimeDelta::minutes(35)).timestamp()));
    app.stop().await;
}
