//! Passwords: changed with the current password, or reset with a mailed link.

use chrono::TimeDelta;
use patron::app::ctx::{AdminCtx, Caller, Ctx};
use patron::app::write::Write;
use patron::entity::{customer_session, reset_password_token};
use patron::error::Error;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{Actor, CUSTOMER_PASSWORD, Customer, TestApp, TestResponse, apply, on_both_databases};

const NEW: &str = "another good one";

async fn change(customer: &Customer<'_>, current: &str, password: &str) -> TestResponse {
    customer
        .post("/api/customers/me/password", &json!({"current_password": current, "password": password}))
        .await
}

async fn reset(app: &TestApp, token: &str, password: &str) -> TestResponse {
    app.anonymous().post("/api/customers/password", &json!({"token": token, "password": password})).await
}

async fn log_in(app: &TestApp, password: &str) -> u16 {
    app.anonymous()
        .post("/api/customer/tokens", &json!({"email": "a@x.io", "password": password}))
        .await
        .status
}

async fn is_logged_in(customer: &Customer<'_>) -> bool {
    customer.query("{ currentCustomer { uuid } }").await.status == 200
}

async fn tokens(app: &TestApp) -> u64 {
    reset_password_token::Entity::find().count(app.app.db.writer()).await.unwrap()
}

/// Every session ends except that of the request, which continues with the tokens of the response.
#[apply(on_both_databases!)]
async fn a_change_ends_the_other_sessions(app: &TestApp) {
    let phone = app.customer("a@x.io").await;
    let laptop = app.log_in_customer(&phone.row).await;
    app.deliver_mails().await;
    app.app.clock.advance(TimeDelta::seconds(5));
    let pair = change(&laptop, CUSTOMER_PASSWORD, NEW).await.data();
    assert_eq!(pair.as_object().unwrap().keys().collect::<Vec<_>>(), ["accessToken", "refreshToken"]);
    assert!(!is_logged_in(&phone).await && !is_logged_in(&laptop).await, "every earlier token is refused");
    let refresh = async |token: &Value| {
        app.anonymous().post("/api/customer/token/refresh", &json!({"refreshToken": token})).await.status
    };
    assert_eq!(refresh(&json!(phone.refresh_token)).await, 401);
    assert_eq!(refresh(&json!(laptop.refresh_token)).await, 401);
    let renewed = laptop.with_tokens(&pair);
    let sessions = renewed.query("{ currentCustomer { sessions { current createdAt } } }").await.data();
    assert_eq!(sessions["currentCustomer"]["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(
        sessions["currentCustomer"]["sessions"][0],
        json!({"current": true, "createdAt": crate::support::NOW})
    );
    assert_eq!(refresh(&pair["refreshToken"]).await, 200);
    assert_eq!(
        (log_in(app, CUSTOMER_PASSWORD).await, log_in(app, NEW).await),
        (401, 401),
        "refused during the delay of a second"
    );
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(log_in(app, NEW).await, 200);
    let mail = app.one_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("a@x.io", "Your password was changed"));
    assert!(mail.text.contains("John Smith") && mail.text.contains("2026-01-02 03:04 UTC"), "{mail:?}");
    assert!(!mail.text.contains(NEW) && !mail.html.contains(NEW));
}

/// A token of EverShop has no session, so the change starts one.
#[apply(on_both_databases!)]
async fn a_change_with_a_token_of_evershop_starts_a_session(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let evershop = Customer::with_evershop_token(app, &customer.row);
    let pair = change(&evershop, CUSTOMER_PASSWORD, NEW).await.data();
    assert!(
        !is_logged_in(&customer).await
            && !is_logged_in(&evershop).await
            && is_logged_in(&evershop.with_tokens(&pair)).await
    );
    assert_eq!(customer_session::Entity::find().count(app.app.db.writer()).await.unwrap(), 1);
}

/// The session ends while the request is running, after its token was checked.
#[apply(on_both_databases!)]
async fn a_change_does_not_revive_an_ended_session(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let session = customer_session::Entity::find().one(app.app.db.writer()).await.unwrap().unwrap();
    let (row, session) = (app.customers().await.remove(0), Some(session.uuid));
    let caller = Caller::Customer { customer_id: row.customer_id, uuid: row.uuid, session };
    let ctx = Ctx { caller, ..AdminCtx::system(app.app.clone()).into_inner() }.into_customer().unwrap();
    let ended = json!({"refreshToken": customer.refresh_token});
    assert_eq!(app.anonymous().post("/api/customer/token/revoke", &ended).await.status, 200);
    let body = json!({"current_password": CUSTOMER_PASSWORD, "password": NEW});
    let change = patron::service::password::change;
    let refused = change(&ctx, Write::of_job(), body.as_object().unwrap().clone().into()).await.err();
    assert!(matches!(refused, Some(Error::Unauthenticated(_))), "{refused:?}");
    assert_eq!(customer_session::Entity::find().count(app.app.db.writer()).await.unwrap(), 0);
    assert_eq!(log_in(app, CUSTOMER_PASSWORD).await, 200, "the password has not changed");
}

#[apply(on_both_databases!)]
async fn a_change_needs_the_current_password(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.deliver_mails().await;
    let before = app.customers().await;
    let wrong = change(&customer, "wrong wrong", NEW).await;
    wrong.assert_failure(400, "validation_failed");
    assert_eq!(wrong.details(), [("current_password", "Current password is incorrect")]);
    // The caller is logged in, so the delay is reported openly.
    let limited = change(&customer, CUSTOMER_PASSWORD, NEW).await;
    limited.assert_failure(429, "rate_limited");
    assert_eq!(limited.header("retry-after"), Some("1"));
    app.app.clock.advance(TimeDelta::seconds(1));
    for (body, details) in [
        (
            json!({}),
            vec![
                ("current_password", "Current password is required"),
                ("password", "Password is required and cannot be empty"),
            ],
        ),
        (
            json!({"current_password": 1, "password": null}),
            vec![
                ("current_password", "Current password must be a string"),
                ("password", "Password must be a string"),
            ],
        ),
        (
            json!({"current_password": CUSTOMER_PASSWORD, "password": "short"}),
            vec![("password", "Password must be at least 8 characters")],
        ),
        (
            json!({"current_password": CUSTOMER_PASSWORD, "password": "password1"}),
            vec![("password", "Password is too common")],
        ),
    ] {
        let response = customer.post("/api/customers/me/password", &body).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), details);
    }
    assert_eq!(app.customers().await, before);
    assert!(is_logged_in(&customer).await && app.deliver_mails().await.is_empty());
}

#[apply(on_both_databases!)]
async fn one_of_concurrent_changes_succeeds(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let responses = futures_util::future::join_all((0..6).map(async |number: usize| {
        change(&customer, CUSTOMER_PASSWORD, &format!("another good one {number}")).await
    }))
    .await;
    assert_eq!(responses.iter().filter(|response| response.status == 200).count(), 1, "{responses:?}");
    for response in responses.iter().filter(|response| response.status != 200) {
        assert!([400, 401, 429].contains(&response.status), "{response:?}");
    }
}

#[apply(on_both_databases!)]
async fn a_forgotten_password_is_reset_by_link(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.deliver_mails().await;
    let (first, second) = (app.reset_token("A@X.io").await, app.reset_token("a@x.io").await);
    assert_ne!(first, second);
    let stored = reset_password_token::Entity::find().all(app.app.db.writer()).await.unwrap();
    assert!(
        stored.len() == 2
            && stored.iter().all(|row| row.token.expose().len() == 64
                && row.token.expose() != first
                && row.token.expose() != second)
    );
    // An invalid password is reported, and the token stays valid.
    let weak = reset(app, &first, "short").await;
    assert_eq!(weak.details(), [("password", "Password must be at least 8 characters")]);
    let response = reset(app, &first, NEW).await;
    assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")));
    assert!(!is_logged_in(&customer).await && is_logged_in(&customer.with_tokens(&response.data())).await);
    assert_eq!(customer_session::Entity::find().count(app.app.db.writer()).await.unwrap(), 1);
    assert_eq!(log_in(app, NEW).await, 200);
    assert_eq!(tokens(app).await, 0, "the other reset tokens are deleted too");
    for used in [&first, &second] {
        let response = reset(app, used, "yet another one").await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [("token", "Token is invalid or expired")]);
    }
    assert_eq!(app.one_mail().await.subject, "Your password was changed");
    assert!(app.customers().await[0].email_verified_at.is_some(), "opening the link verifies the address");
}

#[apply(on_both_databases!)]
async fn the_mail_has_the_link(app: &TestApp) {
    app.register("a@x.io").await;
    app.deliver_mails().await;
    app.anonymous().post("/api/customers/reset-password", &json!({"email": "a@x.io"})).await.data();
    let mail = app.one_mail().await;
    assert_eq!((mail.to.as_str(), mail.from.as_str()), ("a@x.io", "no-reply@localhost"));
    let link = format!("{}/account/reset-password#token={}", app.url, mail.token());
    assert!(mail.text.contains(&link) && mail.html.contains(&link), "{mail:?}");
    assert!(mail.text.contains("within 1 hour") && mail.html.contains("within 1 hour"));
    assert_eq!(mail.token().len(), 52);
}

/// Truncated, unknown, expired and verification tokens, and tokens of disabled or deleted customers: one message for
/// all.
#[apply(on_both_databases!)]
async fn invalid_tokens_set_no_password(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let verification = app.one_mail().await.token();
    let token = app.reset_token("a@x.io").await;
    let before = app.customers().await;
    for wrong in [
        &token[..26],
        &format!("{token}a"),
        &token.to_uppercase(),
        &verification,
        "",
        "\0",
        &"x".repeat(10_000),
    ] {
        let response = reset(app, wrong, NEW).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [("token", "Token is invalid or expired")], "{wrong}");
    }
    for (body, field, message) in [
        (json!({"password": NEW}), "token", "Token is required"),
        (json!({"token": 5, "password": NEW}), "token", "Token must be a string"),
    ] {
        assert_eq!(
            app.anonymous().post("/api/customers/password", &body).await.details(),
            [(field, message)]
        );
    }
    app.app.clock.advance(TimeDelta::seconds(3599));
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    app.log_in_admin().await.patch(&url, &json!({"status": 0})).await.data();
    reset(app, &token, NEW).await.assert_failure(400, "validation_failed");
    app.log_in_admin().await.patch(&url, &json!({"status": 1})).await.data();
    app.app.clock.advance(TimeDelta::seconds(1));
    reset(app, &token, NEW).await.assert_failure(400, "validation_failed");
    assert_eq!(app.customers().await[0].password, before[0].password);

    let token = app.reset_token("a@x.io").await;
    app.log_in_admin().await.delete(&url).await.data();
    reset(app, &token, NEW).await.assert_failure(400, "validation_failed");
    assert_eq!(tokens(app).await, 0);
}

/// Mailed links become invalid when the password or the address changes.
#[apply(on_both_databases!)]
async fn a_change_invalidates_links(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let url = format!("/api/customers/{}", customer.row["uuid"].as_str().unwrap());
    for patch in [json!({"password": NEW}), json!({"email": "b@x.io"})] {
        let email = app.customers().await[0].email.as_str().to_owned();
        let token = app.reset_token(&email).await;
        app.anonymous().post("/api/customers/reset-password", &json!({"email": email})).await.data();
        app.admin().patch(&url, &patch).await.data();
        reset(app, &token, "yet another one").await.assert_failure(400, "validation_failed");
    }
}

/// A link that waits to be sent is dropped when the address of the account changes.
#[apply(on_both_databases!)]
async fn a_change_cancels_unsent_mails(app: &TestApp) {
    let row = app.register("old@x.io").await;
    app.deliver_mails().await;
    app.anonymous().post("/api/customers/reset-password", &json!({"email": "old@x.io"})).await.data();
    let ctx = patron::app::ctx::AdminCtx::system(app.app.clone());
    // A worker has claimed the mail and not sent it.
    assert_eq!(patron::service::mail::claim(&ctx).await.unwrap().len(), 1);
    app.admin()
        .patch(&format!("/api/customers/{}", row["uuid"].as_str().unwrap()), &json!({"email": "new@x.io"}))
        .await
        .data();
    app.app.clock.advance(TimeDelta::minutes(6));
    assert_eq!(tokens(app).await, 0);
    let mails = app.deliver_mails().await;
    assert!(mails.iter().all(|mail| mail.subject != "Set a new password"), "{mails:?}");
    assert_eq!(patron::service::mail::retry(&ctx, None).await.unwrap(), 0);
    assert_eq!(tokens(app).await, 0);
}

#[apply(on_both_databases!)]
async fn a_token_is_used_once_by_concurrent_requests(app: &TestApp) {
    app.register("a@x.io").await;
    let token = app.reset_token("a@x.io").await;
    let responses =
        futures_util::future::join_all((0..10).map(async |number: usize| {
            reset(app, &token, &format!("another good one {number}")).await.status
        }))
        .await;
    assert_eq!(responses.iter().filter(|status| **status == 200).count(), 1, "{responses:?}");
    assert_eq!(responses.iter().filter(|status| **status == 400).count(), 9, "{responses:?}");
}

/// The response is always the same. Only known, enabled customers receive mail, in limited number.
#[apply(on_both_databases!)]
async fn requesting_a_link_reveals_nothing(app: &TestApp) {
    let row = app.register("off@x.io").await;
    app.admin()
        .patch(&format!("/api/customers/{}", row["uuid"].as_str().unwrap()), &json!({"status": 0}))
        .await
        .data();
    app.register("a@x.io").await;
    app.deliver_mails().await;
    let request_link = async |email: &str| {
        app.anonymous().post("/api/customers/reset-password", &json!({"email": email})).await
    };
    let mut texts = Vec::new();
    for email in ["nobody@x.io", "off@x.io", "a@x.io"] {
        let response = request_link(email).await;
        assert_eq!(response.status, 200);
        texts.push(response.text);
    }
    assert_eq!(texts, vec![r#"{"data":{}}"#; 3]);
    assert_eq!(app.one_mail().await.to, "a@x.io");
    for _ in 0..10 {
        assert_eq!(request_link("a@x.io").await.status, 200);
    }
    assert_eq!(app.deliver_mails().await.len(), 4, "the limit is five an hour, and one was sent before");
    app.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(request_link("a@x.io").await.status, 200);
    assert_eq!(app.deliver_mails().await.len(), 1);
    for (body, message) in [
        (json!({}), "Email is required"),
        (json!({"email": 1}), "Email must be a string"),
        (json!({"email": "x"}), "Email must be a valid email address (e.g., user@example.com)"),
    ] {
        let response = app.anonymous().post("/api/customers/reset-password", &body).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.message(), message);
    }
}
