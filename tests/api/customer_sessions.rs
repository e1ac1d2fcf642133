//! Customers log in, stay in, and log out here or everywhere.

use chrono::TimeDelta;
use jsonwebtoken::dangerous::insecure_decode;
use patron::entity::customer_session;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{Actor, Answer, CUSTOMER_PASSWORD, Customer, TestApp, apply, on_both_databases};

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anonymous().post("/api/customer/token/refresh", &json!({"refreshToken": token})).await
}

/// The next refresh token.
async fn next(app: &TestApp, token: &str) -> String {
    refresh(app, token).await.data()["refreshToken"].as_str().unwrap().to_owned()
}

async fn is_in(customer: &Customer<'_>) -> bool {
    let answer = customer.query("{ currentCustomer { uuid } }").await;
    assert!(answer.status == 200 || answer.status == 401, "{answer:?}");
    answer.status == 200
}

async fn sessions(customer: &Customer<'_>) -> Vec<Value> {
    let query = "{ currentCustomer { sessions { id createdAt lastUsedAt userAgent address current } } }";
    customer.query(query).await.data()["currentCustomer"]["sessions"].as_array().unwrap().clone()
}

#[apply(on_both_databases!)]
async fn claims_are_those_that_evershop_writes(app: &TestApp) {
    let customer = app.customer("John@x.io").await;
    let claims: Value = insecure_decode(&customer.token).unwrap().claims;
    let now = app.now().timestamp();
    assert_eq!(
        claims["customer"],
        json!({"id": 1, "uuid": customer.row["uuid"], "email": "John@x.io", "full_name": "John Smith"})
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
async fn wrong_unknown_and_disabled_are_told_alike(app: &TestApp) {
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
        let answer = app
            .anonymous()
            .post("/api/customer/tokens", &json!({"email": email, "password": password}))
            .await;
        answer.assert_failure(401, "unauthenticated");
        assert_eq!(answer.message(), "Invalid email or password");
    }
    app.app.clock.advance(TimeDelta::minutes(1));
    let body = json!({"email": " A@X.io ", "password": CUSTOMER_PASSWORD});
    app.anonymous().post("/api/customer/tokens", &body).await.data();
    assert_eq!(row["email"], "a@x.io");
}

#[apply(on_both_databases!)]
async fn tokens_of_another_kind_or_audience_refresh_nothing(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let admin = app.log_in(crate::support::ADMIN_EMAIL, crate::support::ADMIN_PASSWORD).await;
    for token in [
        customer.token.as_str(),
        admin["refreshToken"].as_str().unwrap(),
        admin["accessToken"].as_str().unwrap(),
        "abc",
        "",
    ] {
        refresh(app, token).await.assert_failure(401, "unauthenticated");
    }
    let answer = app
        .anonymous()
        .post("/api/user/token/refresh", &json!({"refreshToken": customer.refresh_token}))
        .await;
    answer.assert_failure(401, "unauthenticated");
    let answer = app.anonymous().post("/api/customer/token/refresh", &json!({})).await;
    assert_eq!(answer.details(), [("refreshToken", "Refresh token is required")]);
    // The refresh token calls nothing.
    let request =
        app.anonymous().request(reqwest::Method::POST, "/api/graphql").bearer_auth(&customer.refresh_token);
    assert_eq!(app.anonymous().send(request.json(&json!({"query": "{__typename}"}))).await.status, 401);
    assert!(is_in(&customer).await);
}

#[apply(on_both_databases!)]
async fn a_refresh_token_is_used_up(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let second = next(app, &customer.refresh_token).await;
    let third = next(app, &second).await;
    assert!(is_in(&customer).await);
    // Overtaken: the first one's child has been used. The family ends, access tokens included.
    refresh(app, &customer.refresh_token).await.assert_failure(401, "unauthenticated");
    refresh(app, &third).await.assert_failure(401, "unauthenticated");
    assert!(!is_in(&customer).await);
}

/// Two tabs, or an answer that was lost on the way.
#[apply(on_both_databases!)]
async fn a_double_refresh_is_tolerated_while_no_child_was_used(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let (one, other) = (next(app, &customer.refresh_token).await, next(app, &customer.refresh_token).await);
    assert_ne!(one, other);
    let one_more = next(app, &one).await;
    assert_eq!(refresh(app, &one_more).await.status, 200);
    refresh(app, &customer.refresh_token).await.assert_failure(401, "unauthenticated");
    assert!(!is_in(&customer).await);
}

/// Only one of the tokens issued for the same one is taken: whoever comes with the other, thief or owner, ends it.
#[apply(on_both_databases!)]
async fn two_chains_of_one_token_end_each_other(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let (thief, owner) = (next(app, &customer.refresh_token).await, next(app, &customer.refresh_token).await);
    let ahead = next(app, &thief).await;
    refresh(app, &owner).await.assert_failure(401, "unauthenticated");
    refresh(app, &ahead).await.assert_failure(401, "unauthenticated");
    assert!(!is_in(&customer).await);
}

/// Nobody fills the database by asking again and again, or by logging in.
#[apply(on_both_databases!)]
async fn tokens_and_sessions_have_bounds(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for _ in 0..55 {
        app.app.clock.advance(TimeDelta::milliseconds(1));
        app.customer_again(&customer.row).await;
    }
    let last = app.customer_again(&customer.row).await;
    assert_eq!(sessions(&last).await.len(), 50);
    assert!(!is_in(&customer).await, "the one that was used longest ago ended");
    let mut latest = String::new();
    for _ in 0..12 {
        latest = next(app, &last.refresh_token).await;
    }
    assert_eq!(customer_session::Entity::find().count(app.app.db.migration_connection()).await.unwrap(), 50);
    assert_eq!(refresh(app, &latest).await.status, 200);
}

#[apply(on_both_databases!)]
async fn what_has_expired_is_forgotten(app: &TestApp) {
    use patron::service::housekeeping;
    let ctx = patron::app::ctx::Ctx::system(app.app.clone());
    let customer = app.customer("a@x.io").await;
    let other = app.register("b@x.io").await;
    app.anonymous()
        .post("/api/customer/tokens", &json!({"email": "b@x.io", "password": "wrong wrong"}))
        .await;
    let (token, _) = (app.reset_token("a@x.io").await, &other);
    assert_eq!(housekeeping::run_once(&ctx).await.unwrap(), 0, "all of it is in use");
    assert!(is_in(&customer).await);
    app.app.clock.advance(TimeDelta::seconds(107_999));
    housekeeping::run_once(&ctx).await.unwrap();
    let second = next(app, &customer.refresh_token).await;
    let answer = app
        .anonymous()
        .post("/api/customers/password", &json!({"token": token, "password": "another good one"}))
        .await;
    assert_eq!(answer.status, 400);
    app.app.clock.advance(TimeDelta::days(31));
    assert!(housekeeping::run_once(&ctx).await.unwrap() > 0);
    refresh(app, &second).await.assert_failure(401, "unauthenticated");
    let db = app.app.db.migration_connection();
    assert_eq!(customer_session::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(patron::entity::mail::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(patron::entity::throttle::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(patron::entity::reset_password_token::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(patron::entity::verify_email_token::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(app.customers().await.len(), 2);
}

#[apply(on_both_databases!)]
async fn refreshes_at_once(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let answers =
        futures_util::future::join_all((0..20).map(|_| refresh(app, &customer.refresh_token))).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let stored =
        customer_session::Entity::find().one(app.app.db.migration_connection()).await.unwrap().unwrap();
    assert_eq!(stored.refresh_count, 1, "one step, however many took it");
}

#[apply(on_both_databases!)]
async fn tokens_expire_and_a_session_with_them(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.app.clock.advance(TimeDelta::seconds(1799));
    assert!(is_in(&customer).await);
    app.app.clock.advance(TimeDelta::seconds(1));
    assert!(!is_in(&customer).await);
    let second = next(app, &customer.refresh_token).await;
    app.app.clock.advance(TimeDelta::seconds(107_999));
    let third = next(app, &second).await;
    app.app.clock.advance(TimeDelta::seconds(108_000));
    refresh(app, &third).await.assert_failure(401, "unauthenticated");
    let again = app.customer_again(&customer.row).await;
    assert_eq!(sessions(&again).await.len(), 1, "the old one is gone");
    assert_eq!(customer_session::Entity::find().count(app.app.db.migration_connection()).await.unwrap(), 1);
}

#[apply(on_both_databases!)]
async fn logging_out_here(app: &TestApp) {
    let (here, there) = {
        let here = app.customer("a@x.io").await;
        let there = app.customer_again(&here.row).await;
        (here, there)
    };
    let revoke = async |token: &str| {
        app.anonymous().post("/api/customer/token/revoke", &json!({"refreshToken": token})).await
    };
    let answer = revoke(&here.refresh_token).await;
    assert_eq!((answer.status, answer.data()), (200, json!({})));
    assert!(!is_in(&here).await && is_in(&there).await);
    refresh(app, &here.refresh_token).await.assert_failure(401, "unauthenticated");
    for token in [here.refresh_token.as_str(), "abc"] {
        assert_eq!(revoke(token).await.status, 200, "there is nothing left to end");
    }
    assert!(is_in(&there).await);
}

#[apply(on_both_databases!)]
async fn sessions_are_listed_and_ended_one_by_one_or_all(app: &TestApp) {
    let phone = app.customer("a@x.io").await;
    app.app.clock.advance(TimeDelta::seconds(1));
    let laptop = app.customer_again(&phone.row).await;
    let other = app.customer("b@x.io").await;
    let listed = sessions(&laptop).await;
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&listed[0]["createdAt"], &listed[0]["address"]),
        (&json!("2026-01-02T03:04:06.678Z"), &json!("127.0.0.1"))
    );
    let url = |id: &Value| format!("/api/customers/me/sessions/{}", id.as_str().unwrap());
    // Not yours is not found.
    for id in [&sessions(&other).await[0]["id"], &json!("433ba97f-8be7-4be9-be3f-a9f341f2b89f"), &json!("x")]
    {
        laptop.delete(&url(id)).await.assert_failure(404, "not_found");
    }
    let ended = laptop.delete(&url(&listed[1]["id"])).await.data();
    assert_eq!(ended["id"], listed[1]["id"]);
    assert!(!is_in(&phone).await && is_in(&laptop).await && is_in(&other).await);
    laptop.delete(&url(&listed[1]["id"])).await.assert_failure(404, "not_found");

    let evershop = Customer::of_evershop(app, &phone.row);
    assert!(is_in(&evershop).await);
    let answer = laptop.delete("/api/customers/me/sessions").await;
    assert_eq!((answer.status, answer.data()), (200, json!({})));
    assert!(!is_in(&laptop).await && !is_in(&evershop).await && is_in(&other).await);
    refresh(app, &laptop.refresh_token).await.assert_failure(401, "unauthenticated");
    assert!(is_in(&app.customer_again(&phone.row).await).await);
}

/// The admin sees them as well; nobody sees a token or its hash.
#[apply(on_both_databases!)]
async fn sessions_for_an_admin(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let answer = app.admin().query("{ customers { items { sessions { id current } } } }").await;
    assert_eq!(answer.data()["customers"]["items"][0]["sessions"][0]["current"], false);
    next(app, &customer.refresh_token).await;
    let stored =
        customer_session::Entity::find().one(app.app.db.migration_connection()).await.unwrap().unwrap();
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
        assert!(!is_in(&customer).await);
        refresh(app, &customer.refresh_token).await.assert_failure(401, "unauthenticated");
    }
    assert_eq!(customer_session::Entity::find().count(app.app.db.migration_connection()).await.unwrap(), 0);
}

/// However often it is refreshed (ASVS 7.3.2); no token outlives it.
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
    assert!(is_in(&customer).await);
    app.app.clock.advance(start + TimeDelta::days(90) - app.now());
    assert!(!is_in(&customer).await);
    refresh(app, &customer.refresh_token).await.assert_failure(401, "unauthenticated");
    let again = app.customer_again(&customer.row).await;
    assert_eq!(sessions(&again).await.len(), 1);
    next(app, &again.refresh_token).await;
}

/// Also when the setting was lowered after the login.
#[apply(on_both_databases!)]
async fn the_lifetime_of_a_session_is_a_setting(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_CUSTOMER_SESSION_LIFETIME", "3600")).await;
    let customer = app.customer("a@x.io").await;
    app.app.clock.advance(TimeDelta::minutes(59));
    let second = next(&app, &customer.refresh_token).await;
    app.app.clock.advance(TimeDelta::minutes(1));
    refresh(&app, &second).await.assert_failure(401, "unauthenticated");
    // Changing the password is no login: it does not put the end off.
    let customer = app.customer_again(&customer.row).await;
    app.app.clock.advance(TimeDelta::minutes(25));
    let body = json!({"current_password": CUSTOMER_PASSWORD, "password": "another good one"});
    let pair = customer.post("/api/customers/me/password", &body).await.data();
    let claims: Value = insecure_decode(pair["refreshToken"].as_str().unwrap()).unwrap().claims;
    assert_eq!(claims["exp"], json!((app.now() + TimeDelta::minutes(35)).timestamp()));
    app.stop().await;
}
