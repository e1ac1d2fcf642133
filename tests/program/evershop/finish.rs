//! `patron adopt --finish`: the shop no longer writes customers, and patron alone does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::api::{Api, eventually};
use super::schema::{assert_same, schema};
use super::shop::ShopDatabase;
use crate::support::{execute, rows};

const PASSWORD: &str = "a password of the tests";
/// Triggers that are the guards', or store customers in `event`.
const TRIGGERS: &str = "SELECT tgname::text FROM pg_trigger WHERE tgname LIKE 'patron%' OR tgname LIKE 'ADD\\_CUSTOMER\\_%\\_EVENT\\_TRIGGER' ORDER BY 1";
const EVENTS: &str = "SELECT name::text FROM event WHERE name LIKE 'customer%'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_adoption_has_no_guards_and_no_events_of_customers() {
    let Some(database) = ShopDatabase::create("finish") else { return };
    let before = schema(database.url());
    let refused = database.run(&["adopt", "--finish", "--yes"]);
    assert!(refused.code == 1 && refused.error.contains("not adopted"), "{refused:?}");
    database.adopt();
    let shop = database.start_shop();
    let ada = shop.api().register("ada@shop.example", PASSWORD).await;
    assert!(!rows(database.url(), EVENTS).is_empty() && rows(database.url(), TRIGGERS).len() > 5);
    drop(shop);

    // patron may run, and notices it.
    let server = database.serve(&[]);
    let patron = Api::new(&server.url());
    database.run(&["adopt", "--finish", "--yes"]).succeeded();
    assert_eq!((rows(database.url(), EVENTS), rows(database.url(), TRIGGERS)), (Vec::new(), Vec::new()));
    let entries = format!(
        "SELECT kind::text FROM journal_entry WHERE customer_uuid = '{}'",
        ada["uuid"].as_str().expect("a uuid")
    );
    assert_eq!(
        rows(database.url(), &entries),
        ["customer.created"],
        "the last changes of the shop are journaled"
    );
    hashes_become_argon2id(&patron, database.url()).await;
    let (code, log) = server.terminate();
    assert!(code == Some(0) && !log.contains("panicked"), "{log}");

    let again = database.run(&["adopt", "--finish", "--yes"]).succeeded();
    assert!(again.output.contains("finished"), "{again:?}");
    let restarted = database.serve(&[]);
    Api::new(&restarted.url()).log_in("ada@shop.example", PASSWORD).await.data(200);
    drop(restarted);
    let undone = database.run(&["adopt", "--undo", "--yes", "--format", "json"]).succeeded().json();
    assert!(undone["lost"]["customer_passwords"].as_u64() >= Some(1), "{undone}");
    assert_same(&before, &schema(database.url()));
}

/// New passwords, and those of a login, once the running patron has noticed.
async fn hashes_become_argon2id(patron: &Api, url: &str) {
    let argon2id = "SELECT email::text FROM customer WHERE password LIKE '$argon2id$%'";
    eventually("a login replaces the hash", async || {
        patron.log_in("ada@shop.example", PASSWORD).await.data(200);
        (rows(url, argon2id) == ["ada@shop.example"]).then_some(())
    })
    .await;
    let long = "a password of more than seventy-two bytes, which bcrypt would cut and argon2id hashes whole";
    patron.register("long@shop.example", long).await;
    patron.log_in("long@shop.example", long).await.data(200);
    assert_eq!(rows(url, argon2id).len(), 2);
}

/// A shop that still writes is not finished: its changes would be lost for the journal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_that_still_writes_is_not_finished() {
    let Some(database) = ShopDatabase::adopted("writing") else { return };
    let (shop, url) = (database.start_shop(), database.url().to_owned());
    shop.api().register("ada@shop.example", PASSWORD).await;
    let ada = shop.api().customer("ada@shop.example", PASSWORD).await;
    let is_refused = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&is_refused);
    let writer = tokio::spawn(async move {
        for number in 0..100_000 {
            if until.load(Ordering::Relaxed) {
                break;
            }
            let body = json!({"full_name": format!("Ada {number}")});
            ada.send("PATCH /api/customers/me", body).await.data(200);
        }
    });
    let refused = database.run(&["adopt", "--finish", "--yes"]);
    is_refused.store(true, Ordering::Relaxed);
    writer.await.expect("the shop accepts every change");
    assert!(
        refused.code == 1 && refused.error.contains("EverShop") && refused.error.contains("--finish"),
        "{refused:?}"
    );
    assert!(rows(&url, TRIGGERS).len() > 5, "the guards are gone");
    // The shop still works, and the guards act.
    let ada = shop.api().customer("ada@shop.example", PASSWORD).await;
    ada.send("PATCH /api/customers/me", json!({"version": 77, "full_name": "Ada"})).await.data(200);
    execute(&url, "UPDATE customer SET version = 77");
    assert_ne!(rows(&url, "SELECT version::text FROM customer"), ["77"]);
    assert_eq!(rows(&url, "SELECT full_name::text FROM customer"), ["Ada"]);
}
