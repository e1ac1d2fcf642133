//! The clock was a year ahead and is correct again. Delays, limits, tokens and keys that were stored with a timestamp
//! of the future last no longer than usual.

use chrono::TimeDelta;
use patron::entity::{mail, webhook_delivery};
use patron::types::MailStatus;
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, CUSTOMER_PASSWORD, Receiver, TestApp, TestResponse, WebhookReply,
    apply, on_both_databases,
};

const AHEAD: TimeDelta = TimeDelta::days(365);

/// Runs `act` while the clock is ahead, and returns its result.
async fn with_clock_ahead<T>(app: &TestApp, act: impl AsyncFnOnce() -> T) -> T {
    app.app.clock.advance(AHEAD);
    let outcome = act().await;
    app.app.clock.advance(-AHEAD);
    outcome
}

async fn log_in(app: &TestApp, password: &str) -> TestResponse {
    app.anonymous().post("/api/customer/tokens", &json!({"email": "a@x.io", "password": password})).await
}

fn registration(email: &str) -> Value {
    json!({"full_name": "John Smith", "email": email, "password": CUSTOMER_PASSWORD})
}

#[apply(on_both_databases!)]
async fn wrong_passwords_do_not_block_logins(app: &TestApp) {
    app.register("a@x.io").await;
    with_clock_ahead(app, async || {
        log_in(app, "wrong wrong").await.assert_failure(401, "unauthenticated");
        let body = json!({"email": ADMIN_EMAIL, "password": "wrong wrong"});
        app.anonymous().post("/api/user/tokens", &body).await.assert_failure(401, "unauthenticated");
    })
    .await;
    assert_eq!(log_in(app, CUSTOMER_PASSWORD).await.status, 200);
    app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    // A delay that starts with the correct clock is in force.
    log_in(app, "wrong wrong").await.assert_failure(401, "unauthenticated");
    log_in(app, CUSTOMER_PASSWORD).await.assert_failure(401, "unauthenticated");
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(log_in(app, CUSTOMER_PASSWORD).await.status, 200);
}

#[apply(on_both_databases!)]
async fn a_wrong_current_password_does_not_block_the_change(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let body = json!({"current_password": "wrong wrong", "password": "another good one"});
    with_clock_ahead(app, async || {
        app.log_in_customer(&row)
            .await
            .post("/api/customers/me/password", &body)
            .await
            .assert_failure(400, "validation_failed");
    })
    .await;
    let body = json!({"current_password": CUSTOMER_PASSWORD, "password": "another good one"});
    app.log_in_customer(&row).await.post("/api/customers/me/password", &body).await.data();
}

#[apply(on_both_databases!)]
async fn network_addresses_are_not_blocked(app: &TestApp) {
    let app = app
        .another_with(|flags| {
            flags.with("PATRON_FAILURES_PER_ADDRESS", "1").with("PATRON_REGISTRATIONS_PER_ADDRESS", "2")
        })
        .await;
    app.register("a@x.io").await;
    with_clock_ahead(&app, async || {
        log_in(&app, "wrong wrong").await.assert_failure(401, "unauthenticated");
        log_in(&app, CUSTOMER_PASSWORD).await.assert_failure(429, "rate_limited");
        app.register("b@x.io").await;
        app.register("c@x.io").await;
        app.anonymous().post("/api/customers/reset-password", &json!({"email": "a@x.io"})).await.data();
    })
    .await;
    assert_eq!(log_in(&app, CUSTOMER_PASSWORD).await.status, 200);
    app.register("d@x.io").await;
    app.anonymous().post("/api/customers/reset-password", &json!({"email": "a@x.io"})).await.data();
    // Requests are counted from here on.
    let response = app.anonymous().post("/api/customers/reset-password", &json!({"email": "a@x.io"})).await;
    response.assert_failure(429, "rate_limited");
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn mails_are_sent_and_can_be_requested(app: &TestApp) {
    let row = app.register("a@x.io").await;
    app.deliver_mails().await;
    with_clock_ahead(app, async || {
        let customer = app.log_in_customer(&row).await;
        for _ in 0..5 {
            customer.post("/api/customers/me/verify-email", &json!({})).await;
        }
    })
    .await;
    assert_eq!(
        app.deliver_mails().await.len(),
        1,
        "the last mail written while the clock was ahead is due; it replaced the others"
    );
    let sent = mail::Entity::find().filter(mail::Column::Status.eq(MailStatus::Sent));
    for mail in sent.all(app.app.db.writer()).await.unwrap() {
        assert!(mail.give_up_at <= app.now() + TimeDelta::days(1), "{mail:?}");
    }
    let customer = app.log_in_customer(&row).await;
    customer.post("/api/customers/me/verify-email", &json!({})).await.data();
    assert_eq!(app.deliver_mails().await.len(), 1);
}

#[apply(on_both_databases!)]
async fn webhooks_are_retried_on_time(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    let endpoint = app.add_endpoint(&receiver.url, &["customer.*"]).await;
    let row = app.register("a@x.io").await;
    let rotated = with_clock_ahead(&app, async || {
        receiver.reply_with([WebhookReply::Status(500)]);
        app.deliver_webhooks().await;
        let url = format!("/api/webhook-endpoints/{}/secret", endpoint["uuid"].as_str().unwrap());
        app.log_in_admin().await.post(&url, &json!({})).await
    })
    .await;
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert_eq!(
        app.deliver_webhooks().await,
        1,
        "the delivery is due although its next attempt was a year ahead"
    );
    let received = receiver.take();
    assert!(received[0].is_signed_with(rotated.data()["secret"].as_str().unwrap()));
    assert!(
        !received[0].is_signed_with(endpoint["secret"].as_str().unwrap()),
        "the overlap of the old secret has no effect"
    );
    let delivery = webhook_delivery::Entity::find().one(app.app.db.writer()).await.unwrap().unwrap();
    assert_eq!(delivery.first_attempt_at, Some(app.now()));
    assert_eq!(delivery.customer_uuid.unwrap().to_string(), row["uuid"].as_str().unwrap());
    receiver.stop();
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn mailed_tokens_expire_on_time(app: &TestApp) {
    let row = app.register("a@x.io").await;
    app.deliver_mails().await;
    let (reset, verify) = with_clock_ahead(app, async || {
        app.log_in_customer(&row).await.post("/api/customers/me/verify-email", &json!({})).await.data();
        let verify = app.one_mail().await.token();
        (app.reset_token("a@x.io").await, verify)
    })
    .await;
    let set = async |token: &str| {
        app.anonymous()
            .post("/api/customers/password", &json!({"token": token, "password": "another good one"}))
            .await
    };
    set(&reset).await.assert_failure(400, "validation_failed");
    let response = app.anonymous().post("/api/customers/verify-email", &json!({"token": verify})).await;
    response.assert_failure(400, "validation_failed");
    let reset = app.reset_token("a@x.io").await;
    assert_eq!(set(&reset).await.status, 200);
}

#[apply(on_both_databases!)]
async fn tokens_and_sessions_expire_on_time(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let (customer, admin) = with_clock_ahead(app, async || {
        (app.log_in_customer(&row).await, app.admin_tokens(ADMIN_EMAIL, ADMIN_PASSWORD).await)
    })
    .await;
    assert_eq!(customer.query("{ currentCustomer { uuid } }").await.status, 401);
    let refresh =
        async |url: &str, token: &Value| app.anonymous().post(url, &json!({"refreshToken": token})).await;
    refresh("/api/customer/token/refresh", &json!(customer.refresh_token))
        .await
        .assert_failure(401, "unauthenticated");
    refresh("/api/user/token/refresh", &admin["refreshToken"]).await.assert_failure(401, "unauthenticated");
    let request = app
        .anonymous()
        .request(Method::POST, "/api/admin/graphql")
        .bearer_auth(admin["accessToken"].as_str().unwrap());
    assert_eq!(app.anonymous().send(request.json(&json!({"query": "{__typename}"}))).await.status, 401);
    let customer = app.log_in_customer(&row).await;
    let listed = customer.query("{ currentCustomer { sessions { current } } }").await.data();
    assert_eq!(listed["currentCustomer"]["sessions"], json!([{"current": true}]));
    // A clock that is a little ahead, as on another instance, is tolerated.
    app.app.clock.advance(-TimeDelta::minutes(4));
    assert_eq!(customer.query("{ currentCustomer { uuid } }").await.status, 200);
}

#[apply(on_both_databases!)]
async fn idempotency_keys_can_be_reused(app: &TestApp) {
    let send = async |email: &str| {
        let request =
            app.anonymous().request(Method::POST, "/api/customers").header("idempotency-key", "k-1");
        app.anonymous().send(request.json(&registration(email))).await
    };
    with_clock_ahead(app, async || assert_eq!(send("a@x.io").await.status, 201)).await;
    let first = send("b@x.io").await;
    assert_eq!(first.status, 201, "{first:?}");
    let repeated = send("b@x.io").await;
    assert_eq!((repeated.status, repeated.header("idempotency-replayed")), (201, Some("true")));
}

#[apply(on_both_databases!)]
async fn the_next_change_corrects_updated_at(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    with_clock_ahead(app, async || {
        app.log_in_admin().await.patch(&url, &json!({"full_name": "Jane"})).await.data()
    })
    .await;
    // The earlier sessions have expired.
    app.log_in_admin().await.patch(&url, &json!({"full_name": "Joan"})).await.data();
    assert_eq!(app.customers().await[0].updated_at, app.now());
}
