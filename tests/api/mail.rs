//! Mails: to a real SMTP server, and what becomes of them when it is in a bad mood.

use chrono::TimeDelta;
use patron::entity::mail;
use patron::types::MailStatus;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;

use crate::support::smtp::{Mood, SmtpServer};
use crate::support::{Actor, Backend, Mail, TestApp, apply, on_both_databases};

async fn rows(app: &TestApp) -> Vec<mail::Model> {
    mail::Entity::find()
        .order_by_asc(mail::Column::MailId)
        .all(app.app.db.migration_connection())
        .await
        .unwrap()
}

fn inbox(server: &SmtpServer) -> Vec<Mail> {
    server.mails.lock().unwrap().iter().map(|raw| Mail::parse(raw)).collect()
}

async fn start(backend: Backend, mood: Mood) -> (TestApp, SmtpServer) {
    let server = SmtpServer::start(mood, None).await;
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
async fn arrives(backend: Backend) {
    let (app, server) = start(backend, Mood::Takes).await;
    let body = json!({"full_name": "Zoë <b>&", "email": "zoe@x.io", "password": "correct horse"});
    app.anonymous().post("/api/customers", &body).await.data();
    assert!(inbox(&server).is_empty(), "nothing is sent while a request runs");
    assert_eq!(app.send_due().await, 1);
    assert_eq!(app.send_due().await, 0, "once");
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

/// Not now, no answer, nobody there: tried again with growing pauses, given up after a day, sent again on demand.
#[apply(on_both_databases!)]
async fn waits(backend: Backend) {
    let (app, server) = start(backend, Mood::NotNow).await;
    app.register("a@x.io").await;
    let mut pauses = Vec::new();
    let mut last = app.now();
    for step in 0..60 * 30 {
        if app.send_due().await > 0 {
            pauses.push((app.now() - last).num_minutes());
            last = app.now();
            server.set_mood(match pauses.len() % 2 {
                0 => Mood::NotNow,
                _ if pauses.len() == 5 => Mood::Hangs,
                _ => Mood::NotNow,
            });
        }
        if rows(&app).await[0].status != MailStatus::Pending {
            break;
        }
        assert!(step < 60 * 25, "given up after a day");
        app.app.clock.advance(TimeDelta::minutes(1));
    }
    // Each is up to a fifth longer or shorter, and here it is looked once a minute.
    for (pause, wanted) in pauses[..9].iter().zip([0, 1, 2, 4, 8, 16, 32, 60, 60]) {
        assert!((wanted * 4 / 5..=(wanted * 6 + 4) / 5).contains(pause), "{pauses:?}");
    }
    let row = rows(&app).await.remove(0);
    assert_eq!(row.status, MailStatus::Failed);
    let age = app.now() - row.created_at;
    assert!(age > TimeDelta::hours(22) && age <= TimeDelta::hours(24), "{age}");
    assert!(row.last_error.as_deref().unwrap_or_default().contains("451"), "{row:?}");
    server.set_mood(Mood::Takes);
    app.app.clock.advance(TimeDelta::days(1));
    assert_eq!(app.send_due().await, 0, "given up");
    let ctx = patron::app::ctx::Ctx::system(app.app.clone());
    assert_eq!(patron::service::mail::retry(&ctx, None).await.unwrap(), 1);
    assert_eq!(app.send_due().await, 1);
    let token = inbox(&server).remove(0).token();
    let verified = app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await;
    assert_eq!(verified.status, 200, "the token is as old as its mail: {verified:?}");
    assert!(patron::service::mail::retry(&ctx, Some(row.uuid)).await.is_err(), "it was sent");
    app.stop().await;
}

/// What will never be taken is not tried again.
#[apply(on_both_databases!)]
async fn nobody(backend: Backend) {
    let (app, server) = start(backend, Mood::KnowsNobody).await;
    app.register("a@x.io").await;
    assert_eq!(app.send_due().await, 1);
    let row = rows(&app).await.remove(0);
    assert_eq!((row.status, row.attempts), (MailStatus::Failed, 1));
    assert!(row.last_error.as_deref().unwrap_or_default().contains("550"), "{row:?}");
    assert!(inbox(&server).is_empty());
    app.stop().await;
}

/// Requests go on as if nothing were, whether the server hangs, refuses or is not there; and so does the sender.
#[apply(on_both_databases!)]
async fn hangs_or_is_away(backend: Backend) {
    let (app, server) = start(backend, Mood::Hangs).await;
    for number in 0..5 {
        app.register(&format!("a{number}@x.io")).await;
    }
    assert_eq!(app.send_due().await, 5);
    server.set_mood(Mood::Takes);
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

/// A mail server that quotes what it was sent puts no token into the log, the row or the answer of a command.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_quotes() {
    let (app, server) = start(Backend::Sqlite, Mood::Quotes).await;
    app.register("a@x.io").await;
    assert_eq!(app.send_due().await, 1);
    let row = rows(&app).await.remove(0);
    let error = row.last_error.unwrap_or_default();
    assert!(error.contains("454") && error.contains("blocked URL") && error.contains("#token=…"), "{error}");
    assert!(error.split(|c: char| !c.is_ascii_alphanumeric()).all(|word| word.len() < 16), "{error}");
    server.set_mood(Mood::Takes);
    app.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(app.send_due().await, 1);
    app.stop().await;
}

/// A certificate that nobody vouches for: no password is sent, and what is wrong can be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_nobody() {
    let server = SmtpServer::start(Mood::WantsTlsAndPassword, None).await;
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

/// Templates of one's own go before those of the program, file by file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn templates_of_ones_own() {
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

/// Links lead where the settings say, whatever a request claims.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_header_leads_nowhere() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.register("a@x.io").await;
    app.deliver().await;
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
    let (app, server) = start(Backend::Postgres, Mood::Takes).await;
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

/// A worker that dies between taking a mail and sending it loses nothing: somebody else sends it after the lease.
#[apply(on_both_databases!)]
async fn a_worker_dies(backend: Backend) {
    let (app, server) = start(backend, Mood::Takes).await;
    app.register("a@x.io").await;
    let ctx = patron::app::ctx::Ctx::system(app.app.clone());
    assert_eq!(patron::service::mail::claim(&ctx).await.unwrap().len(), 1);
    app.app.clock.advance(TimeDelta::seconds(299));
    assert_eq!(app.send_due().await, 0, "somebody may be sending it");
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(app.send_due().await, 1);
    assert_eq!(inbox(&server).len(), 1);
    app.stop().await;
}
