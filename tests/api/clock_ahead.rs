//! A clock that was a year ahead for a while, and is right again: nothing that was written meanwhile holds for longer than
//! it ever can.

use chrono::TimeDelta;
use patron::entity::{mail, webhook_delivery};
use patron::types::MailStatus;
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, Answer, CUSTOMER_PASSWORD, Mood, Receiver, TestApp, apply,
    on_both_databases,
};

const AHEAD: TimeDelta = TimeDelta::days(365);

/// What `act` gives while the clock is ahead.
async fn ahead<T>(app: &TestApp, act: impl AsyncFnOnce() -> T) -> T {
    app.app.clock.advance(AHEAD);
    let outcome = act().await;
    app.app.clock.advance(-AHEAD);
    outcome
}

async fn log_in(app: &TestApp, password: &str) -> Answer {
    app.anonymous().post("/api/customer/tokens", &json!({"email": "a@x.io", "password": password})).await
}

fn registration(email: &str) -> Value {
    json!({"full_name": "John Smith", "email": email, "password": CUSTOMER_PASSWORD})
}

#[apply(on_both_databases!)]
async fn wrong_passwords_keep_nobody_out(app: &TestApp) {
    app.register("a@x.io").await;
    ahead(app, async || {
        log_in(app, "wrong wrong").await.assert_failure(401, "unauthenticated");
        let body = json!({"email": ADMIN_EMAIL, "password": "wrong wrong"});
        app.anonymous().post("/api/user/tokens", &body).await.assert_failure(401, "unauthenticated");
    })
    .await;
    assert_eq!(log_in(app, CUSTOMER_PASSWORD).await.status, 200);
    app.log_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    // A pause that the right clock sets holds as ever.
    log_in(app, "wrong wrong").await.assert_failure(401, "unauthenticated");
    log_in(app, CUSTOMER_PASSWORD).await.assert_failure(401, "unauthenticated");
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(log_in(app, CUSTOMER_PASSWORD).await.status, 200);
}

#[apply(on_both_databases!)]
async fn a_wrong_current_password_keeps_nobody_from_changing_it(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let body = json!({"current_password": "wrong wrong", "password": "another good one"});
    ahead(app, async || {
        app.customer_again(&row)
            .await
            .post("/api/customers/me/password", &body)
            .await
            .assert_failure(400, "validation_failed");
    })
    .await;
    let body = json!({"current_password": CUSTOMER_PASSWORD, "password": "another good one"});
    app.customer_again(&row).await.post("/api/customers/me/password", &body).await.data();
}

#[apply(on_both_databases!)]
async fn addresses_are_not_kept_out(app: &TestApp) {
    let app = app
        .another_with(|flags| {
            flags.with("PATRON_FAILURES_PER_ADDRESS", "1").with("PATRON_REGISTRATIONS_PER_ADDRESS", "2")
        })
        .await;
    app.register("a@x.io").await;
    ahead(&app, async || {
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
    // And counts from now on, as ever.
    let answer = app.anonymous().post("/api/customers/reset-password", &json!({"email": "a@x.io"})).await;
    answer.assert_failure(429, "rate_limited");
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn mails_are_sent_and_can_be_asked_for(app: &TestApp) {
    let row = app.register("a@x.io").await;
    app.deliver().await;
    ahead(app, async || {
        let customer = app.customer_again(&row).await;
        for _ in 0..5 {
            customer.post("/api/customers/me/verify-email", &json!({})).await;
        }
    })
    .await;
    assert_eq!(
        app.deliver().await.len(),
        1,
        "the last that was written meanwhile is due; it withdrew the others"
    );
    let sent = mail::Entity::find().filter(mail::Column::Status.eq(MailStatus::Sent));
    for mail in sent.all(app.app.db.migration_connection()).await.unwrap() {
        assert!(mail.give_up_at <= app.now() + TimeDelta::days(1), "{mail:?}");
    }
    let customer = app.customer_again(&row).await;
    customer.post("/api/customers/me/verify-email", &json!({})).await.data();
    assert_eq!(app.deliver().await.len(), 1);
}

#[apply(on_both_databases!)]
async fn webhooks_are_tried_again_in_time(app: &TestApp) {
    let (app, receiver) = (app.with_webhooks().await, Receiver::start().await);
    let endpoint = app.add_endpoint(&receiver.url, &["customer.*"]).await;
    let row = app.register("a@x.io").await;
    let rotated = ahead(&app, async || {
        receiver.will([Mood::Answer(500)]);
        app.tell().await;
        let url = format!("/api/webhook-endpoints/{}/secret", endpoint["uuid"].as_str().unwrap());
        app.admin_again().await.post(&url, &json!({})).await
    })
    .await;
    assert_eq!(receiver.take().len(), 1);
    assert_eq!(rotated.status, 200, "{rotated:?}");
    assert_eq!(app.tell().await, 1, "it is due, however far ahead the next attempt was");
    let received = receiver.take();
    assert!(received[0].is_signed_with(rotated.data()["secret"].as_str().unwrap()));
    assert!(!received[0].is_signed_with(endpoint["secret"].as_str().unwrap()), "the overlap is not believed");
    let delivery =
        webhook_delivery::Entity::find().one(app.app.db.migration_connection()).await.unwrap().unwrap();
    assert_eq!(delivery.first_attempt_at, Some(app.now()));
    assert_eq!(delivery.customer_uuid.unwrap().to_string(), row["uuid"].as_str().unwrap());
    receiver.stop();
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn mailed_tokens_do_not_outlive_their_time(app: &TestApp) {
    let row = app.register("a@x.io").await;
    app.deliver().await;
    let (reset, verify) = ahead(app, async || {
        app.customer_again(&row).await.post("/api/customers/me/verify-email", &json!({})).await.data();
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
    let answer = app.anonymous().post("/api/customers/verify-email", &json!({"token": verify})).await;
    answer.assert_failure(400, "validation_failed");
    let reset = app.reset_token("a@x.io").await;
    assert_eq!(set(&reset).await.status, 200);
}

#[apply(on_both_databases!)]
async fn tokens_and_sessions_do_not_outlive_their_time(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let (customer, admin) =
        ahead(app, async || (app.customer_again(&row).await, app.log_in(ADMIN_EMAIL, ADMIN_PASSWORD).await))
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
    let customer = app.customer_again(&row).await;
    let listed = customer.query("{ currentCustomer { sessions { current } } }").await.data();
    assert_eq!(listed["currentCustomer"]["sessions"], json!([{"current": true}]));
    // A clock that is a little ahead, as those of other instances may be, does no harm.
    app.app.clock.advance(-TimeDelta::minutes(4));
    assert_eq!(customer.query("{ currentCustomer { uuid } }").await.status, 200);
}

#[apply(on_both_databases!)]
async fn idempotency_keys_are_not_taken(app: &TestApp) {
    let send = async |email: &str| {
        let request =
            app.anonymous().request(Method::POST, "/api/customers").header("idempotency-key", "k-1");
        app.anonymous().send(request.json(&registration(email))).await
    };
    ahead(app, async || assert_eq!(send("a@x.io").await.status, 201)).await;
    let first = send("b@x.io").await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = send("b@x.io").await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
}

#[apply(on_both_databases!)]
async fn what_changes_again_shows_the_right_time(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    ahead(app, async || app.admin_again().await.patch(&url, &json!({"full_name": "Jane"})).await.data())
        .await;
    // The sessions of before have expired meanwhile.
    app.admin_again().await.patch(&url, &json!({"full_name": "Joan"})).await.data();
    assert_eq!(app.customers().await[0].updated_at, app.now());
}
