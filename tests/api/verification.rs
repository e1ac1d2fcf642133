//! Verifying e-mail addresses, and changing them.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{
    Actor, Backend, CUSTOMER_PASSWORD, Customer, Mail, NOW, TestApp, TestResponse, apply, on_both_databases,
};

async fn verify(app: &TestApp, token: &str) -> TestResponse {
    app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await
}

async fn assert_refused(app: &TestApp, token: &str) {
    let response = verify(app, token).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(response.details(), [("token", "Token is invalid or expired")], "{token}");
}

async fn current_customer(customer: &Customer<'_>) -> Value {
    customer.query("{ currentCustomer { email emailVerifiedAt version } }").await.data()["currentCustomer"]
        .clone()
}

async fn request_email(customer: &Customer<'_>, email: &str) -> TestResponse {
    customer.patch("/api/customers/me", &json!({"email": email})).await
}

/// The confirmation mail; others may be sent to the current address.
async fn confirmation_mail(app: &TestApp) -> Mail {
    let mails = app.deliver_mails().await;
    let mut links: Vec<Mail> =
        mails.iter().filter(|mail| mail.subject == "Confirm your e-mail address").cloned().collect();
    assert_eq!(links.len(), 1, "{mails:?}");
    links.remove(0)
}

#[apply(on_both_databases!)]
async fn a_new_customer_receives_a_confirmation_link(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    assert_eq!(
        current_customer(&customer).await["emailVerifiedAt"],
        Value::Null,
        "an unverified customer can log in"
    );
    let mail = app.one_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("a@x.io", "Confirm your e-mail address"));
    let link = format!("{}/account/verify-email#token={}", app.url, mail.token());
    assert!(
        mail.text.contains(&link) && mail.html.contains(&link) && mail.text.contains("within 24 hours"),
        "{mail:?}"
    );
    for wrong in [&mail.token()[..20], "", "x"] {
        assert_refused(app, wrong).await;
    }
    let response = verify(app, &mail.token()).await;
    assert_eq!((response.status, response.data()), (200, json!({})));
    assert_eq!(
        current_customer(&customer).await,
        json!({"email": "a@x.io", "emailVerifiedAt": NOW, "version": 2})
    );
    assert_refused(app, &mail.token()).await;
    customer.post("/api/customers/me/verify-email", &json!({})).await.assert_failure(409, "conflict");
}

#[apply(on_both_databases!)]
async fn links_expire(app: &TestApp) {
    app.register("a@x.io").await;
    let token = app.one_mail().await.token();
    app.app.clock.advance(TimeDelta::seconds(86_400));
    assert_refused(app, &token).await;
}

/// All links stay valid until one is used, and at most five are mailed per hour.
#[apply(on_both_databases!)]
async fn the_mail_can_be_requested_again(app: &TestApp) {
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

/// The new address takes effect when its link is opened, and the old address is notified.
#[apply(on_both_databases!)]
async fn a_change_of_address_needs_confirmation(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let old_link = app.one_mail().await.token();
    verify(app, &old_link).await.data();
    app.app.clock.advance(TimeDelta::seconds(1));
    let response = request_email(&customer, "B@X.io").await.data();
    assert_eq!(response["email"], "a@x.io", "not yet");
    let mails = app.deliver_mails().await;
    let sent: Vec<(&str, &str)> =
        mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(
        sent,
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
    let now = current_customer(&customer).await;
    assert_eq!(
        (&now["email"], &now["emailVerifiedAt"]),
        (&json!("B@X.io"), &json!("2026-01-02T03:04:07.678Z"))
    );
    let notice = app.one_mail().await;
    assert_eq!((notice.to.as_str(), notice.subject.as_str()), ("a@x.io", "Your e-mail address was changed"));
    assert!(
        !notice.text.to_lowercase().contains("b@x.io"),
        "the mail to the old mailbox does not name the new one"
    );
    assert_refused(app, &mail.token()).await;
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
async fn only_the_latest_pending_change_counts(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.deliver_mails().await;
    request_email(&customer, "b@x.io").await.data();
    let first = confirmation_mail(app).await.token();
    request_email(&customer, "c@x.io").await.data();
    let query = format!("{{ customer(id: {}) {{ pendingEmail }} }}", customer.row["uuid"]);
    let pending = async || app.admin().query(&query).await.data()["customer"]["pendingEmail"].clone();
    assert_eq!(pending().await, "c@x.io");
    assert_refused(app, &first).await;
    let second = confirmation_mail(app).await.token();
    // A change back to the current address cancels the pending change.
    request_email(&customer, "A@x.io").await.data();
    assert_eq!(pending().await, Value::Null);
    assert_refused(app, &second).await;
    assert_eq!(current_customer(&customer).await["email"], "A@x.io", "the spelling changes at once");
    // An unsent mail is dropped when its pending change is replaced.
    request_email(&customer, "d@x.io").await.data();
    request_email(&customer, "e@x.io").await.data();
    let mail = confirmation_mail(app).await;
    assert_eq!(mail.to, "e@x.io");
    verify(app, &mail.token()).await.data();
    assert_eq!(current_customer(&customer).await["email"], "e@x.io");
}

#[apply(on_both_databases!)]
async fn the_mail_is_resent_to_the_pending_address(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.deliver_mails().await;
    request_email(&customer, "b@x.io").await.data();
    let first = confirmation_mail(app).await.token();
    customer.post("/api/customers/me/verify-email", &json!({})).await.data();
    assert_eq!(confirmation_mail(app).await.to, "b@x.io");
    verify(app, &first).await.data();
}

#[apply(on_both_databases!)]
async fn an_address_of_another_customer_is_refused(app: &TestApp) {
    app.register("b@x.io").await;
    let customer = app.customer("a@x.io").await;
    app.deliver_mails().await;
    let before = app.customers().await;
    for email in ["b@x.io", "B@X.IO"] {
        request_email(&customer, email).await.assert_failure(409, "email_taken");
    }
    assert_eq!(app.customers().await, before);
    // Another customer registers the pending address first: the link fails.
    request_email(&customer, "c@x.io").await.data();
    let token = confirmation_mail(app).await.token();
    app.register("C@x.io").await;
    verify(app, &token).await.assert_failure(409, "email_taken");
    assert_eq!(current_customer(&customer).await["email"], "a@x.io");
}

/// An intruder's pending e-mail change is canceled when the owner resets or changes the password, ends all sessions, or
/// an admin disables the account.
#[apply(on_both_databases!)]
async fn recovering_an_account_cancels_the_pending_change(app: &TestApp) {
    for number in 0..4 {
        let customer = app.customer(&format!("a{number}@x.io")).await;
        app.deliver_mails().await;
        request_email(&customer, &format!("thief{number}@x.io")).await.data();
        let token = confirmation_mail(app).await.token();
        let owner = format!("a{number}@x.io");
        let url = format!("/api/customers/{}", customer.row["uuid"].as_str().unwrap());
        match number {
            0 => {
                let reset = app.reset_token(&owner).await;
                let body = json!({"token": reset, "password": "another good one"});
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
        assert_refused(app, &token).await;
        let stored = app.customers().await.pop().unwrap();
        assert_eq!((stored.email.as_str(), stored.pending_email), (owner.as_str(), None));
    }
}

/// A customer can't make the shop mail many other addresses by requesting one change after the other.
#[apply(on_both_databases!)]
async fn pending_changes_are_rate_limited(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for number in 0..4 {
        request_email(&customer, &format!("b{number}@x.io")).await.data();
    }
    request_email(&customer, "c@x.io").await.assert_failure(429, "rate_limited");
    app.app.clock.advance(TimeDelta::minutes(29));
    request_email(&customer, "c@x.io").await.assert_failure(429, "rate_limited");
}

/// The name in a registration can't put a message into the shop's mail.
#[apply(on_both_databases!)]
async fn names_that_look_like_links_are_omitted(app: &TestApp) {
    let body =
        json!({"full_name": "Click http://evil.example/8", "email": "a@x.io", "password": "correct horse"});
    app.anonymous().post("/api/customers", &body).await.data();
    let mail = confirmation_mail(app).await;
    assert!(
        !mail.text.contains("evil") && !mail.html.contains("evil") && mail.text.contains("Hello customer,"),
        "{mail:?}"
    );
}

/// A change by an admin takes effect at once. The old address is notified, and the new one receives a confirmation
/// link.
#[apply(on_both_databases!)]
async fn a_change_by_an_admin_takes_effect_at_once(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    verify(app, &app.one_mail().await.token()).await.data();
    let url = format!("/api/customers/{}", customer.row["uuid"].as_str().unwrap());
    app.admin().patch(&url, &json!({"email": "b@x.io"})).await.data();
    assert_eq!(
        (
            current_customer(&customer).await["email"].clone(),
            current_customer(&customer).await["emailVerifiedAt"].clone()
        ),
        (json!("b@x.io"), Value::Null)
    );
    let mails = app.deliver_mails().await;
    let sent: Vec<(&str, &str)> =
        mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(
        sent,
        [("b@x.io", "Confirm your e-mail address"), ("a@x.io", "Your e-mail address was changed")]
    );
    verify(app, &mails[0].token()).await.data();
    app.admin().patch(&url, &json!({"email": "B@x.io"})).await.data();
    assert!(app.deliver_mails().await.is_empty(), "the same mailbox");
    assert!(current_customer(&customer).await["emailVerifiedAt"].is_string());
}

#[apply(on_both_databases!)]
async fn deleted_and_disabled_customers_cannot_confirm(app: &TestApp) {
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
        assert_refused(app, &token).await;
    }
    for (body, message) in
        [(json!({}), "Token is required"), (json!({"token": []}), "Token must be a string")]
    {
        assert_eq!(app.anonymous().post("/api/customers/verify-email", &body).await.message(), message);
    }
}

async fn verification_can_be_switched_off(backend: Backend) {
    let app = TestApp::start_with(backend, |flags| flags.with("PATRON_EMAIL_VERIFICATION", "off")).await;
    let customer = app.customer("a@x.io").await;
    assert!(app.deliver_mails().await.is_empty());
    assert_eq!(request_email(&customer, "b@x.io").await.data()["email"], "b@x.io", "at once");
    let mail = app.one_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("a@x.io", "Your e-mail address was changed"));
    customer.post("/api/customers/me/verify-email", &json!({})).await.assert_failure(409, "conflict");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verification_can_be_switched_off_sqlite() {
    verification_can_be_switched_off(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verification_can_be_switched_off_postgres() {
    verification_can_be_switched_off(Backend::Postgres).await;
}
