//! The front door starts only on an adopted database, and with settings that fit it.

use patron::error::Error;
use patron::service::front_door;

use super::{SECRET, start, start_with};
use crate::support::{TestApp, apply, on_both_databases};

/// Why the front door can't start.
async fn reason(app: &TestApp) -> String {
    match front_door::ensure_ready(&app.app).await {
        Err(Error::DatabaseUnusable(reason)) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

#[apply(on_both_databases!)]
async fn a_database_that_was_not_adopted_is_refused(app: &TestApp) {
    front_door::ensure_ready(&app.app).await.expect("there is no front door");
    let settings = [("PATRON_COMPAT", "evershop"), ("PATRON_EVERSHOP_COOKIE_SECRET", SECRET)];
    let app = app
        .another_with(|flags| settings.iter().fold(flags, |flags, (name, value)| flags.with(name, *value)))
        .await;
    let reason = reason(&app).await;
    assert!(reason.contains("patron adopt --check") && reason.contains("unset PATRON_COMPAT"), "{reason}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_time_zone_and_missing_sessions_are_refused() {
    let app = start_with(&[("PATRON_EVERSHOP_TIMEZONE", "Mars/Olympus")]).await;
    assert!(reason(&app).await.contains("no time zone `Mars/Olympus`"));
    app.stop().await;
    let app = start().await;
    front_door::ensure_ready(&app.app).await.expect("the database is adopted");
    app.run_as_shop("DROP TABLE session").await;
    assert!(reason(&app).await.contains("GRANT SELECT, INSERT, UPDATE, DELETE ON \"session\""));
    app.stop().await;
}
