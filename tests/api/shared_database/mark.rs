//! The mark that distinguishes patron's writes from those of EverShop.

use patron::db::Sharing;
use patron::error::Error;
use serde_json::json;

use crate::support::{Actor, TestApp, execute};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_patron_changes_its_columns() {
    let app = TestApp::start_shared().await;
    assert_eq!(app.app.db.sharing(), Sharing::Shared);
    let row = app.register("a@x.io").await;
    let token = app.one_mail().await.token();
    let verified = app.anonymous().post("/api/customers/verify-email", &json!({"token": token})).await;
    assert_eq!(verified.status, 200, "{verified:?}");
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    app.admin().patch(&url, &json!({"full_name": "Ada Smith"})).await.data();
    let before = app.customers().await.remove(0);
    assert!(
        before.email_verified_at.is_some() && before.version == 3 && before.email_key.is_some(),
        "{before:?}"
    );
    app.run_as_shop(
        "UPDATE customer SET version = 77, email_verified_at = NULL, token_generation = -5, email_key = 'b@x.io', \
         pending_email = 'b@x.io', event_sequence = 0, tokens_valid_from = now()",
    )
    .await;
    assert_eq!(app.customers().await, [before]);
    app.stop().await;
}

/// A mark that connections of EverShop have as well would disable the guards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_refuses_a_mark_that_is_always_set() {
    let app = TestApp::start_shared().await;
    app.app.db.ensure_marked().await.unwrap();
    let database = app.database.clone().unwrap();
    for always in [format!("DATABASE {database}"), format!("ROLE CURRENT_USER IN DATABASE {database}")] {
        execute(&format!("ALTER {always} SET patron.writer = 'on'")).await;
        let other = app.second_instance().await;
        let refused = other.app.db.ensure_marked().await;
        let Err(Error::DatabaseUnusable(text)) = refused else { panic!("{always}: {refused:?}") };
        assert!(text.contains("the guards would accept every write of EverShop: ALTER ROLE"), "{text}");
        other.stop().await;
        execute(&format!("ALTER {always} RESET patron.writer")).await;
    }
    let other = app.second_instance().await;
    other.app.db.ensure_marked().await.unwrap();
    other.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_of_evershop_is_noticed() {
    let app = TestApp::start_shared().await;
    assert_eq!(app.app.db.upgraded_modules().await.unwrap(), [""; 0]);
    app.run_as_shop("UPDATE migration SET version = '1.0.5' WHERE module = 'customer'").await;
    app.run_as_shop("DELETE FROM migration WHERE module = 'auth'").await;
    let changes = app.app.db.upgraded_modules().await.unwrap();
    assert_eq!(changes, ["customer 1.0.4 → 1.0.5", "auth 1.0.1 → none"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_needs_every_guard() {
    let app = TestApp::start_shared().await;
    app.app.db.ensure_guarded().await.unwrap();
    app.run_as_shop("ALTER TABLE customer DISABLE TRIGGER patron_guard").await;
    let refused = app.app.db.ensure_guarded().await;
    let is_named = |text: &str| text.contains("patron migrate up");
    assert!(matches!(&refused, Err(Error::DatabaseUnusable(text)) if is_named(text)), "{refused:?}");
    app.app.db.migrate(&app.app.config.database).await.unwrap();
    app.app.db.ensure_guarded().await.unwrap();
    app.stop().await;
}
