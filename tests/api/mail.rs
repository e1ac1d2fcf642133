//! Mails are sent to a real SMTP server, and are retried or fail if the server misbehaves.

use chrono::TimeDelta;
use patron::entity::mail;
use patron::types::MailStatus;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;

use crate::support::smtp::{SmtpBehavior, SmtpServer};
use crate::support::{Actor, Backend, Mail, TestApp, apply, on_both_databases};

async fn rows(app: &TestApp) -> Vec<mail::Model> {
    mail::Entity::find().order_by_asc(mail::Column::MailId).all(app.app.db.writer()).await.unwrap()
}

fn inbox(server: &SmtpServer) -> Vec<Mail> {
    server.mails.lock().unwrap().iter().map(|raw| Mail::parse(raw)).collect()
}

async fn start(backend: Backend, behavior: SmtpBehavior) -> (TestApp, SmtpServer) {
    let server = SmtpServer::start(behavior, None).await;
    let url = server.url();
    let app = TestApp::start_with(backend, |flags| {
        flags
            .with("PATRON_SMTP_URL", &url)
            .with("PATRON_SMTP_TIMEOUT", "5")
            .with("PATRON_MAIL_FROM", "Löwen Shop <shop@x.io>")
    });
    (app.await, server)
}

#[apply(on_both_databases!)]
async fn a_mail_is_sent_once(backend: Backend) {
    let (app, server) = start(backend, SmtpBehavior::Accept).await;
    let body = json!({"full_name": "Zoë <b>&", "email": "zoe@x.io", "password": "correct horse"});
    app.anonymous().post("/api/customers", &body).await.data();
    assert!(inbox(&server).is_empty(), "no mail is sent during the request");
    assert_eq!(app.send_due().await, 1);
    assert_eq!(app.send_due().await, 0, "the mail is sent once");
    let mails = inbox(&server);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].from, "Löwen Shop <shop@x.io>");
    assert!(
        mails[0].text.contains("Hello Zoë <b>&,") && mails[0].html.contains("Hello Zoë &lt;b&gt;&amp;,"),
        "{mails:?}"
    );
    let row = rows(&app).await.remove(0);
    assert_eq!((row.status, row.attempts, row.sent_at), (MailStatus::Sent, 1, Some(app.now())));
    let verified =
        app.anonymous().post("/api/customers/verify-email", &json!({"token": mails[0].token()})).await;
    assert_eq!(verified.status, 200);
    app.stop().await;
}

/// After temporary failures and timeouts, a mail is retried with growing delays. It fails after a day, and can be
/// retried on demand.
#[apply(on_both_databases!)]
async fn a_mail_is_retried_for_a_day(backend: Backend) {
    let (app, server) = start(backend, SmtpBehavior::FailTemporarily).await;
    app.register("a@x.io").await;
    let mut delays = Vec::new();
    let mut last = app.now();
    for step in 0..60 * 30 {
        if app.send_due().await > 0 {
            delays.push((app.now() - last).num_minutes());
            last = app.now();
            server.set_behavior(match delays.len() % 2 {
                0 => SmtpBehavior::FailTemporarily,
                _ if delays.len() == 5 => SmtpBehavior::Hang,
                _ => SmtpBehavior::FailTemporarily,
            });
        }
        if rows(&app).await[0].status != MailStatus::Pending {
            break;
        }
        assert!(step < 60 * 25, "the mail fails after a day");
        app.app.clock.advance(TimeDelta::minutes(1));
    }
    // The jitter is up to a fifth, and this loop advances by a minute.
    for (delay, expected) in delays[..9].iter().zip([0, 1, 2, 4, 8, 16, 32, 60, 60]) {
        assert!((expected * 4 / 5..=(expected * 6 + 4) / 5).contains(delay), "{delays:?}");
    }
    let row = rows(&app).await.remove(0);
    assert_eq!(row.status, MailStatus::Failed);
    let age = app.now() - row.created_at;
    assert!(age > TimeDelta::hours(22) && age <= TimeDelta::hours(24), "{age}");
    assert!(row.last_error.as_deref().unwrap_or_default().contains("451"), "{row:?}");
    server.set_behavior(SmtpBehavior::Accept);
    app.app.clock.advance(TimeDelta::days(1));
    assert_eq!(app.send_due().await, 0, "a failed mail is not retried");
    let ctx = patron::app::ctx::AdminCtx::system(app.app.clone());
    assert_eq!(patron::service::mail::retry(&ctx, None).await.unwrap(), 1);
    assert_eq!(app.send_due().await, 1);
    let token = inbox(&server).remove(0).token();
    let verified = app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await;
    assert_eq!(verified.status, 200, "the token is issued when the mail is sent: {verified:?}");
    assert!(patron::service::mail::retry(&ctx, Some(row.uuid)).await.is_err(), "a sent mail is not retried");
    app.stop().await;
}

/// A permanent failure is not retried.
#[apply(on_both_databases!)]
async fn an_unknown_mailbox_is_a_permanent_failure(backend: Backend) {
    let (app, server) = start(backend, SmtpBehavior::RejectMailbox).await;
    app.register("a@x.io").await;
    assert_eq!(app.send_due().await, 1);
    let row = rows(&app).await.remove(0);
    assert_eq!((row.status, row.attempts), (MailStatus::Failed, 1));
    assert!(row.last_error.as_deref().unwrap_or_default().contains("550"), "{row:?}");
    assert!(inbox(&server).is_empty());
    app.stop().await;
}

/// Requests and the other mails are not delayed by a server that hangs or is unreachable.
#[apply(on_both_databases!)]
async fn an_unavailable_server_delays_nothing(backend: Backend) {
    let (app, server) = start(backend, SmtpBehavior::Hang).await;
    for number in 0..5 {
        app.register(&format!("a{number}@x.io")).await;
    }
    assert_eq!(app.send_due().await, 5);
    server.set_behavior(SmtpBehavior::Accept);
    assert!(rows(&app).await.iter().all(|row| row.status == MailStatus::Pending && row.last_error.is_some()));
    let address = server.address;
    drop(server);
    app.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(app.send_due().await, 5);
    for row in rows(&app).await {
        let error = row.last_error.unwrap_or_default();
        assert!(!error.is_empty() && row.attempts == 2, "{address}: {error}");
    }
    app.stop().await;
}

/// If a mail server quotes the mail in its error, the token is masked in the stored error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_quoted_by_the_server_are_masked() {
    let (app, server) = start(Backend::Sqlite, SmtpBehavior::QuoteLink).await;
    app.register("a@x.io").await;
    assert_eq!(app.send_due().await, 1);
    let row = rows(&app).await.remove(0);
    let error = row.last_error.unwrap_or_default();
    assert!(error.contains("454") && error.contains("blocked URL") && error.contains("#token=…"), "{error}");
    assert!(error.split(|c: char| !c.is_ascii_alphanumeric()).all(|word| word.len() < 16), "{error}");
    server.set_behavior(SmtpBehavior::Accept);
    app.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(app.send_due().await, 1);
    app.stop().await;
}

/// With an untrusted certificate, no password is sent, and the error names the certificate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untrusted_certificate_is_refused() {
    let server = SmtpServer::start(SmtpBehavior::RequireTlsAndLogin, None).await;
    let url = server.url_with_password();
    let app = TestApp::start_with(Backend::Sqlite, |flags| flags.with("PATRON_SMTP_URL", &url)).await;
    app.register("a@x.io").await;
    assert_eq!(app.send_due().await, 1);
    let row = rows(&app).await.remove(0);
    let error = row.last_error.unwrap_or_default();
    assert!(row.status == MailStatus::Pending && error.to_lowercase().contains("certificate"), "{error}");
    assert!(inbox(&server).is_empty() && !error.contains("secret"), "{error}");
    app.stop().await;
}

/// Each custom template file replaces the built-in file of the same name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custom_templates_replace_the_built_in_ones() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Subject: Willkommen, {{ full_name }}\n\n{{ link }}\n";
    std::fs::write(folder.path().join("verify_email.txt"), text).unwrap();
    let path = folder.path().display().to_string();
    let app = TestApp::start_with(Backend::Sqlite, |flags| {
        flags.with("PATRON_MAIL_TEMPLATES", &path).with("PATRON_PUBLIC_URL", "https://shop.example/de/")
    })
    .await;
    app.register("a@x.io").await;
    let mail = app.one_mail().await;
    assert_eq!(
        (mail.subject.as_str(), mail.from.as_str()),
        ("Willkommen, John Smith", "no-reply@shop.example")
    );
    assert!(mail.text.starts_with("https://shop.example/de/account/verify-email#token="), "{mail:?}");
    assert!(
        mail.html.contains("Confirm this address") && mail.html.contains("https://shop.example/de/account/")
    );
    app.stop().await;
}

/// Links use the configured URL, not the headers of a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_ignore_the_host_header() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.register("a@x.io").await;
    app.deliver_mails().await;
    let request = app.anonymous().request(reqwest::Method::POST, "/api/customers/reset-password");
    let request = request.header("host", "evil.example").header("x-forwarded-host", "evil.example");
    assert_eq!(app.anonymous().send(request.json(&json!({"email": "a@x.io"}))).await.status, 200);
    let mail = app.one_mail().await;
    assert!(
        mail.text.contains(&app.url) && !mail.text.contains("evil") && !mail.html.contains("evil"),
        "{mail:?}"
    );
    app.stop().await;
}

/// Several instances share the work: each mail is sent once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_send_each_mail_once() {
    let (app, server) = start(Backend::Postgres, SmtpBehavior::Accept).await;
    for number in 0..40 {
        app.register(&format!("a{number}@x.io")).await;
    }
    let url = server.url();
    let other = app.second_instance_with(|flags| flags.with("PATRON_SMTP_URL", &url)).await;
    let (one, two) = tokio::join!(app.send_due(), other.send_due());
    assert_eq!(one + two, 40, "{one} and {two}");
    let mut receivers: Vec<String> = inbox(&server).into_iter().map(|mail| mail.to).collect();
    receivers.sort();
    receivers.dedup();
    assert_eq!((receivers.len(), inbox(&server).len()), (40, 40));
    other.stop().await;
    app.stop().await;
}

/// If a worker dies after it claimed a mail, another worker sends the mail when the lease has expired.
#[apply(on_both_databases!)]
async fn a_mail_is_sent_after_its_worker_died(backend: Backend) {
    let (app, server) = start(backend, SmtpBehavior::Accept).await;
    app.register("a@x.io").await;
    let ctx = patron::app::ctx::AdminCtx::system(app.app.clone());
    assert_eq!(patron::service::mail::claim(&ctx).await.unwrap().len(), 1);
    app.app.clock.advance(TimeDelta::seconds(299));
    assert_eq!(app.send_due().await, 0, "the lease has not expired");
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(app.send_due().await, 1);
    assert_eq!(inbox(&server).len(), 1);
    app.stop().await;
}
