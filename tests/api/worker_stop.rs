//! The worker stops within the shutdown timeout even if receivers and mail servers hang, and loses nothing.

use std::time::Duration;

use chrono::TimeDelta;
use patron::clock::Timer;
use patron::entity::mail;
use patron::worker;
use sea_orm::EntityTrait;
use tokio::sync::watch;

use crate::support::smtp::{SmtpBehavior, SmtpServer};
use crate::support::{Receiver, WebhookReply, apply, on_both_databases};

/// Waits until the condition is met, with a timeout for a busy machine.
async fn until(what: &str, mut is_met: impl AsyncFnMut() -> bool) {
    for _ in 0..1200 {
        if is_met().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not happen");
}

/// The receiver accepts connections and never responds, so ten deliveries are in progress when the worker is stopped.
#[apply(on_both_databases!)]
async fn a_hanging_receiver_does_not_delay_the_stop(app: &TestApp) {
    let receiver = Receiver::start().await;
    let app = app
        .another_with(|flags| {
            let flags =
                flags.with("PATRON_WEBHOOK_NETWORKS", "127.0.0.0/8").with("PATRON_WEBHOOK_TIMEOUT", "60");
            flags.with("PATRON_SHUTDOWN_TIMEOUT", "1")
        })
        .await;
    app.publish().await;
    app.add_endpoint(&receiver.url, &["customer.created"]).await;
    receiver.reply_with(std::iter::repeat_n(WebhookReply::Hang, 100));
    for number in 0..12 {
        app.register(&format!("a{number}@x.io")).await;
    }
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker::run(app.app.clone(), stopped));
    let mut received = 0;
    until("ten deliveries", async || {
        received += receiver.take().len();
        received == 10
    })
    .await;
    let watch = Timer::start();
    stop.send_replace(true);
    running.await.unwrap();
    // The shutdown timeout is one second; the deliveries would take a minute or two.
    assert!(watch.elapsed() < Duration::from_secs(30), "{:?}", watch.elapsed());
    assert_eq!(receiver.take().len(), 0, "no delivery is claimed after the stop");
    receiver.reset_replies();
    assert_eq!(
        (app.deliver_webhooks().await, receiver.take().len()),
        (2, 2),
        "the unclaimed deliveries are due at once"
    );
    app.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(
        (app.deliver_webhooks().await, receiver.take().len()),
        (10, 10),
        "interrupted deliveries are due when their lease has expired"
    );
    receiver.stop();
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn a_hanging_mail_server_does_not_delay_the_stop(app: &TestApp) {
    let server = SmtpServer::start(SmtpBehavior::Hang, None).await;
    let url = server.url();
    let app = app
        .another_with(|flags| {
            let flags = flags.with("PATRON_SMTP_URL", &url).with("PATRON_SMTP_TIMEOUT", "200");
            flags.with("PATRON_SHUTDOWN_TIMEOUT", "1")
        })
        .await;
    app.register("a@x.io").await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker::run(app.app.clone(), stopped));
    let rows = async || mail::Entity::find().all(app.app.db.writer()).await.unwrap();
    until("a claimed mail", async || rows().await.iter().any(|mail| mail.attempts == 1)).await;
    let watch = Timer::start();
    stop.send_replace(true);
    running.await.unwrap();
    assert!(watch.elapsed() < Duration::from_secs(30), "{:?}", watch.elapsed());
    server.set_behavior(SmtpBehavior::Accept);
    app.app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(app.send_due().await, 1, "the mail is sent when its lease has expired");
    app.stop().await;
}
