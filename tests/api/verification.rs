//! Verifying e-mail addresses, and changing them.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{
    Actor, Answer, Backend, CUSTOMER_PASSWORD, Customer, Mail, NOW, TestApp, apply, on_both_databases,
};

async fn verify(app: &TestApp, token: &str) -> Answer {
    app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await
}

async fn refused(app: &TestApp, token: &str) {
    let answer = verify(app, token).await;
    answer.assert_failure(400, "validation_failed");
    assert_eq!(answer.details(), [("token", "Token is invalid or expired")], "{token}");
}

async fn own(customer: &Customer<'_>) -> Value {
    customer.query("{ currentCustomer { email emailVerifiedAt version } }").await.data()["currentCustomer"]
        .clone()
}

async fn want(customer: &Customer<'_>, email: &str) -> Answer {
    customer.patch("/api/customers/me", &json!({"email": email})).await
}

/// The mail with the link, beside which the present address is told.
async fn link(app: &TestApp) -> Mail {
    let mails = app.deliver().await;
    let mut links: Vec<Mail> =
        mails.iter().filter(|mail| mail.subject == "Confirm your e-mail address").cloned().collect();
    assert_eq!(links.len(), 1, "{mails:?}");
    links.remove(0)
}

#[apply(on_both_databases!)]
async fn a_new_customer_is_asked_to_confirm(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    assert_eq!(own(&customer).await["emailVerifiedAt"], Value::Null, "logging in does not need it");
    let mail = app.one_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("a@x.io", "Confirm your e-mail address"));
    let link = format!("{}/account/verify-email#token={}", app.url, mail.token());
    assert!(
        mail.text.contains(&link) && mail.html.contains(&link) && mail.text.contains("within 24 hours"),
        "{mail:?}"
    );
    for wrong in [&mail.token()[..20], "", "x"] {
        refused(app, wrong).await;
    }
    let answer = verify(app, &mail.token()).await;
    assert_eq!((answer.status, answer.data()), (200, json!({})));
    assert_eq!(own(&customer).await, json!({"email": "a@x.io", "emailVerifiedAt": NOW, "version": 2}));
    refused(app, &mail.token()).await;
    customer.post("/api/customers/me/verify-email", &json!({})).await.assert_failure(409, "conflict");
}

#[apply(on_both_databases!)]
async fn links_expire(app: &TestApp) {
    app.register("a@x.io").await;
    let token = app.one_mail().await.token();
    app.app.clock.advance(TimeDelta::seconds(86_400));
    refused(app, &token).await;
}

/// The latest link and those before it are good, until one is used; five in an hour.
#[apply(on_both_databases!)]
async fn asking_for_the_mail_again(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let first = app.one_mail().await.token();
    for _ in 0..4 {
        assert_eq!(customer.post("/api/customers/me/verify-email", &json!({})).await.data(), json!({}));
        app.one_mail().await;
    }
    let limited = customer.post("/api/customers/me/verify-email", &json!({})).await;
    limited.assert_failure(429, "rate_limited");
    assert!(limited.header("retry-after").is_some());
    assert_eq!(verify(app, &first).await.status, 200);
}

/// It takes effect when the link is opened, and the old address is told.
#[apply(on_both_databases!)]
async fn a_change_of_address(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let old_link = app.one_mail().await.token();
    verify(app, &old_link).await.data();
    app.app.clock.advance(TimeDelta::seconds(1));
    let answer = want(&customer, "B@X.io").await.data();
    assert_eq!(answer["email"], "a@x.io", "not yet");
    let mails = app.deliver().await;
    let told: Vec<(&str, &str)> =
        mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(
        told,
        [("B@x.io", "Confirm your e-mail address"), ("a@x.io", "Your e-mail address is about to change")]
    );
    let mail = &mails[0];
    assert_eq!(
        app.anonymous()
            .post("/api/customer/tokens", &json!({"email": "b@x.io", "password": CUSTOMER_PASSWORD}))
            .await
            .status,
        401
    );
    app.app.clock.advance(TimeDelta::seconds(1));
    verify(app, &mail.token()).await.data();
    let now = own(&customer).await;
    assert_eq!(
        (&now["email"], &now["emailVerifiedAt"]),
        (&json!("B@X.io"), &json!("2026-01-02T03:04:07.678Z"))
    );
    let told = app.one_mail().await;
    assert_eq!((told.to.as_str(), told.subject.as_str()), ("a@x.io", "Your e-mail address was changed"));
    assert!(
        !told.text.to_lowercase().contains("b@x.io"),
        "the mail to the old mailbox does not name the new one"
    );
    refused(app, &mail.token()).await;
    assert_eq!(
        app.anonymous()
            .post("/api/customer/tokens", &json!({"email": "b@x.io", "password": CUSTOMER_PASSWORD}))
            .await
            .status,
        200
    );
    app.register("a@x.io").await;
}

#[apply(on_both_databases!)]
async fn only_the_latest_wish_counts(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.deliver().await;
    want(&customer, "b@x.io").await.data();
    let first = link(app).await.token();
    want(&customer, "c@x.io").await.data();
    refused(app, &first).await;
    let second = link(app).await.token();
    // Back to the present one: there is no wish any more.
    want(&customer, "A@x.io").await.data();
    refused(app, &second).await;
    assert_eq!(own(&customer).await["email"], "A@x.io", "the spelling changes at once");
    // A mail that waits to be sent is withdrawn when its wish is.
    want(&customer, "d@x.io").await.data();
    want(&customer, "e@x.io").await.data();
    let mail = link(app).await;
    assert_eq!(mail.to, "e@x.io");
    verify(app, &mail.token()).await.data();
    assert_eq!(own(&customer).await["email"], "e@x.io");
}

#[apply(on_both_databases!)]
async fn the_mail_can_be_had_again_where_the_wish_goes(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.deliver().await;
    want(&customer, "b@x.io").await.data();
    let first = link(app).await.token();
    customer.post("/api/customers/me/verify-email", &json!({})).await.data();
    assert_eq!(link(app).await.to, "b@x.io");
    verify(app, &first).await.data();
}

#[apply(on_both_databases!)]
async fn an_address_of_another_customer(app: &TestApp) {
    app.register("b@x.io").await;
    let customer = app.customer("a@x.io").await;
    app.deliver().await;
    let before = app.customers().await;
    for email in ["b@x.io", "B@X.IO"] {
        want(&customer, email).await.assert_failure(409, "email_taken");
    }
    assert_eq!(app.customers().await, before);
    // Taken after it was asked for: the link comes too late.
    want(&customer, "c@x.io").await.data();
    let token = link(app).await.token();
    app.register("C@x.io").await;
    verify(app, &token).await.assert_failure(409, "email_taken");
    assert_eq!(own(&customer).await["email"], "a@x.io");
}

/// Whoever was in, and wished for an address of its own, is out with its wish when the owner takes the account back.
#[apply(on_both_databases!)]
async fn wishes_end_with_whoever_wished(app: &TestApp) {
    for number in 0..4 {
        let customer = app.customer(&format!("a{number}@x.io")).await;
        app.deliver().await;
        want(&customer, &format!("thief{number}@x.io")).await.data();
        let wished = link(app).await.token();
        let owner = format!("a{number}@x.io");
        let url = format!("/api/customers/{}", customer.row["uuid"].as_str().unwrap());
        match number {
            0 => {
                let token = app.reset_token(&owner).await;
                let body = json!({"token": token, "password": "another good one"});
                app.anonymous().post("/api/customers/password", &body).await.data();
            }
            1 => {
                let body = json!({"current_password": CUSTOMER_PASSWORD, "password": "another good one"});
                customer.post("/api/customers/me/password", &body).await.data();
            }
            2 => {
                customer.delete("/api/customers/me/sessions").await.data();
            }
            _ => {
                app.admin().patch(&url, &json!({"status": 0})).await.data();
                app.admin().patch(&url, &json!({"status": 1})).await.data();
            }
        }
        refused(app, &wished).await;
        let stored = app.customers().await.pop().unwrap();
        assert_eq!((stored.email.as_str(), stored.pending_email), (owner.as_str(), None));
    }
}

/// Nobody has the shop mail strangers without end, by wishing for one address after the other.
#[apply(on_both_databases!)]
async fn wishes_have_bounds(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for number in 0..4 {
        want(&customer, &format!("b{number}@x.io")).await.data();
    }
    want(&customer, "c@x.io").await.assert_failure(429, "rate_limited");
    app.app.clock.advance(TimeDelta::minutes(29));
    want(&customer, "c@x.io").await.assert_failure(429, "rate_limited");
}

/// A stranger's name is no message of the shop.
#[apply(on_both_databases!)]
async fn names_that_look_like_links_are_not_said(app: &TestApp) {
    let body =
        json!({"full_name": "Click http://evil.example/8", "email": "a@x.io", "password": "correct horse"});
    app.anonymous().post("/api/customers", &body).await.data();
    let mail = link(app).await;
    assert!(
        !mail.text.contains("evil") && !mail.html.contains("evil") && mail.text.contains("Hello customer,"),
        "{mail:?}"
    );
}

/// An admin's change takes effect at once; the old address is told, the new one asked.
#[apply(on_both_databases!)]
async fn a_change_by_an_admin(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    verify(app, &app.one_mail().await.token()).await.data();
    let url = format!("/api/customers/{}", customer.row["uuid"].as_str().unwrap());
    app.admin().patch(&url, &json!({"email": "b@x.io"})).await.data();
    assert_eq!(
        (own(&customer).await["email"].clone(), own(&customer).await["emailVerifiedAt"].clone()),
        (json!("b@x.io"), Value::Null)
    );
    let mails = app.deliver().await;
    let told: Vec<(&str, &str)> =
        mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(
        told,
        [("b@x.io", "Confirm your e-mail address"), ("a@x.io", "Your e-mail address was changed")]
    );
    verify(app, &mails[0].token()).await.data();
    app.admin().patch(&url, &json!({"email": "B@x.io"})).await.data();
    assert!(app.deliver().await.is_empty(), "the same mailbox");
    assert!(own(&customer).await["emailVerifiedAt"].is_string());
}

#[apply(on_both_databases!)]
async fn whoever_is_gone_or_disabled_confirms_nothing(app: &TestApp) {
    let mut tokens = Vec::new();
    for (email, patch) in [("a@x.io", Some(json!({"status": 0}))), ("b@x.io", None)] {
        let row = app.register(email).await;
        tokens.push(app.one_mail().await.token());
        let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
        match patch {
            Some(patch) => app.admin().patch(&url, &patch).await.data(),
            None => app.admin().delete(&url).await.data(),
        };
    }
    for token in tokens {
        refused(app, &token).await;
    }
    for (body, message) in
        [(json!({}), "Token is required"), (json!({"token": []}), "Token must be a string")]
    {
        assert_eq!(app.anonymous().post("/api/customers/verify-email", &body).await.message(), message);
    }
}

async fn switched_off(backend: Backend) {
    let app = TestApp::start_with(backend, |flags| flags.with("PATRON_EMAIL_VERIFICATION", "off")).await;
    let customer = app.customer("a@x.io").await;
    assert!(app.deliver().await.is_empty());
    assert_eq!(want(&customer, "b@x.io").await.data()["email"], "b@x.io", "at once");
    let mail = app.one_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("a@x.io", "Your e-mail address was changed"));
    customer.post("/api/customers/me/verify-email", &json!({})).await.assert_failure(409, "conflict");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switched_off_sqlite() {
    switched_off(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switched_off_postgres() {
    switched_off(Backend::Postgres).await;
}
