//! The worker stops within the shutdown timeout, whoever doesn't answer, and loses nothing by it.

use std::time::Duration;

use chrono::TimeDelta;
use patron::clock::Timer;
use patron::entity::mail;
use patron::worker;
use sea_orm::EntityTrait;
use tokio::sync::watch;

use crate::support::smtp::{Mood as MailMood, SmtpServer};
use crate::support::{Mood, Receiver, apply, on_both_databases};

/// Waits until something has happened, for as long as a busy machine may take.
async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    for _ in 0..1200 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} did not happen");
}

/// Receivers that take connections and never answer: one of many deliveries is under way when the stop comes.
#[apply(on_both_databases!)]
async fn a_receiver_that_never_answers(app: &TestApp) {
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
    receiver.will(std::iter::repeat_n(Mood::Hang, 100));
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
    // One second was allowed; a minute, and another for the next two, is what the receiver could take.
    assert!(watch.elapsed() < Duration::from_secs(30), "{:?}", watch.elapsed());
    assert_eq!(receiver.take().len(), 0, "nothing is claimed after the stop");
    receiver.recover();
    assert_eq!((app.tell().await, receiver.take().len()), (2, 2), "the others are due at once");
    app.app.clock.advance(TimeDelta::minutes(2));
    assert_eq!(
        (app.tell().await, receiver.take().len()),
        (10, 10),
        "and those that were under way when their lease is over"
    );
    receiver.stop();
    app.stop().await;
}

#[apply(on_both_databases!)]
async fn a_mail_server_that_never_answers(app: &TestApp) {
    let server = SmtpServer::start(MailMood::Hangs, None).await;
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
    let rows = async || mail::Entity::find().all(app.app.db.migration_connection()).await.unwrap();
    until("a claimed mail", async || rows().await.iter().any(|mail| mail.attempts == 1)).await;
    let watch = Timer::start();
    stop.send_replace(true);
    running.await.unwrap();
    assert!(watch.elapsed() < Duration::from_secs(30), "{:?}", watch.elapsed());
    server.set_mood(MailMood::Takes);
    app.app.clock.advance(TimeDelta::minutes(5));
    assert_eq!(app.send_due().await, 1, "it is sent after its lease");
    app.stop().await;
}
