//! Each change of the shop is an entry of the journal, so that the feed and the audit trail miss nothing.

use serde_json::{Value, json};

use super::api::{Api, address, eventually};
use super::shop::ShopDatabase;
use crate::support::rows;

const PASSWORD: &str = "a password of the tests";

/// The events of a customer: kind, number, and changed fields.
async fn events(admin: &Api, uuid: &str) -> Vec<(String, i64, String)> {
    let document =
        format!("{{ events(first: 100, customer: \"{uuid}\") {{ nodes {{ type sequence fields }} }} }}");
    let data = admin.query(&document).await;
    let nodes = data["events"]["nodes"].as_array().expect("events");
    let text = |event: &Value, name: &str| event[name].as_str().expect("a text").to_owned();
    let events = nodes.iter().map(|event| {
        (text(event, "type"), event["sequence"].as_i64().expect("a number"), event["fields"].to_string())
    });
    events.collect()
}

/// Waits until the worker has journaled all changes of the shop.
async fn drained(url: &str) {
    eventually("the queue is empty", async || {
        (rows(url, "SELECT shop_change_id::text FROM shop_change").is_empty()).then_some(())
    })
    .await;
}

/// What a customer and an admin do at the shop.
async fn act(shop: &Api, uuid: &str) {
    let ada = shop.customer("ada@shop.example", PASSWORD).await;
    ada.send("PATCH /api/customers/me", json!({"full_name": "Ada King"})).await.data(200);
    let mut body = address("1 Street");
    body["is_default"] = json!(true);
    let first = ada.send("POST /api/customers/me/addresses", body.clone()).await.data(200);
    let second = ada.send("POST /api/customers/me/addresses", body).await.data(200);
    let path = |row: &Value| format!("/api/customers/me/addresses/{}", row["uuid"].as_str().expect("a uuid"));
    ada.send(&format!("DELETE {}", path(&first)), Value::Null).await.data(200);
    ada.send(&format!("PATCH {}", path(&second)), address("2 Street")).await.data(200);
    let admin = shop.admin().await;
    let password = json!({"password": "another good password"});
    admin.send(&format!("PATCH /api/customers/{uuid}"), password).await.data(200);
}

/// The events of addresses by `act`. The second default address changes the first one.
const OF_ADDRESSES: [&str; 5] =
    ["address.created", "address.created", "address.deleted", "address.updated", "address.updated"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_changes_of_the_shop_are_in_the_feed() {
    let Some(database) = ShopDatabase::adopted("journal") else { return };
    let (shop, server) = (database.start_shop(), database.serve(&[]));
    let admin = Api::new(&server.url()).admin().await;
    let row = shop.api().register("ada@shop.example", PASSWORD).await;
    let uuid = row["uuid"].as_str().expect("a uuid").to_owned();
    act(&shop.api(), &uuid).await;
    drained(database.url()).await;

    let found = eventually("the events are published", async || {
        let found = events(&admin, &uuid).await;
        found.iter().any(|(kind, ..)| kind == "password.changed").then_some(found)
    })
    .await;
    let numbers: Vec<i64> = found.iter().map(|(_, number, _)| *number).collect();
    assert!((1..).zip(&numbers).all(|(expected, number)| expected == *number), "{found:?}");
    let kinds: Vec<&str> = found.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds[0], "customer.created");
    let mut of_addresses = kinds.clone();
    of_addresses.retain(|kind| kind.starts_with("address."));
    of_addresses.sort_unstable();
    assert_eq!(of_addresses, OF_ADDRESSES, "{found:?}");
    let renamed = found.iter().find(|(kind, ..)| kind == "customer.updated").expect("an event");
    assert!(renamed.2.contains("full_name"), "{found:?}");
    the_audit_trail_names_the_shop(&admin, &uuid).await;
    nothing_secret_is_stored(database.url());
}

async fn the_audit_trail_names_the_shop(admin: &Api, uuid: &str) {
    let document = format!(
        "{{ auditEntries(first: 100, filter: {{customer: \"{uuid}\"}}) {{ nodes {{ action actor changes }} }} }}"
    );
    let data = admin.query(&document).await;
    let entries = data["auditEntries"]["nodes"].as_array().expect("entries");
    assert!(entries.len() >= 7 && entries.iter().all(|entry| entry["actor"] == "SHOP"), "{data}");
    assert!(data.to_string().contains("Ada King"), "{data}");
}

/// Neither the queue nor the journal has ever a hash.
fn nothing_secret_is_stored(url: &str) {
    let hashes = "SELECT j::text FROM journal_entry j WHERE j::text LIKE '%$2a$%' OR j::text LIKE '%$2b$%'";
    assert_eq!(rows(url, hashes), Vec::<String>::new());
}

/// While patron does not run, the changes wait in the queue. A customer that was created and deleted in the time does not stop
/// the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_wait_until_patron_runs() {
    let Some(database) = ShopDatabase::adopted("queue") else { return };
    let shop = database.start_shop();
    let kept = shop.api().register("kept@shop.example", PASSWORD).await;
    let gone = shop.api().register("gone@shop.example", PASSWORD).await;
    let ada = shop.api().customer("gone@shop.example", PASSWORD).await;
    ada.send("POST /api/customers/me/addresses", address("1 Street")).await.data(200);
    let uuid = |row: &Value| row["uuid"].as_str().expect("a uuid").to_owned();
    let delete = format!("DELETE /api/customers/{}", uuid(&gone));
    shop.api().admin().await.send(&delete, Value::Null).await.data(200);
    let queued = rows(database.url(), "SELECT operation FROM shop_change ORDER BY shop_change_id");
    assert!(queued.len() >= 4, "{queued:?}");

    let server = database.serve(&[]);
    let admin = Api::new(&server.url()).admin().await;
    drained(database.url()).await;
    let kinds = async |row: &Value| -> Vec<String> {
        events(&admin, &uuid(row)).await.into_iter().map(|(kind, ..)| kind).collect()
    };
    eventually("the events are published", async || {
        (kinds(&gone).await.last().map(String::as_str) == Some("customer.deleted")).then_some(())
    })
    .await;
    assert_eq!(kinds(&kept).await, ["customer.created"]);
    let personal = "SELECT j::text FROM journal_entry j WHERE j::text LIKE '%gone@shop.example%'";
    assert_eq!(rows(database.url(), personal), Vec::<String>::new(), "a deleted customer is erased");
    let (code, log) = server.terminate();
    assert!(code == Some(0) && !log.contains("ERROR") && !log.contains("panicked"), "{log}");
}

/// EverShop stores each changed row, with its hash, in `event`. A change of patron's own columns is not stored, and an erased
/// customer leaves nothing there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shops_events_of_an_erased_customer_are_erased() {
    let Some(database) = ShopDatabase::adopted("events") else { return };
    let (shop, server) = (database.start_shop(), database.serve(&[]));
    let patron = Api::new(&server.url());
    let row = shop.api().register("ada@shop.example", PASSWORD).await;
    shop.api().register("other@shop.example", PASSWORD).await;
    let searchable = "SELECT email::text FROM customer WHERE search_text <> '' AND event_sequence > 0";
    eventually("the worker has computed and numbered", async || {
        (rows(database.url(), searchable).len() == 2).then_some(())
    })
    .await;
    let updated = "SELECT data::text FROM event WHERE name = 'customer_updated'";
    assert_eq!(
        rows(database.url(), updated),
        Vec::<String>::new(),
        "patron's columns are not events of the shop"
    );
    patron
        .customer("ada@shop.example", PASSWORD)
        .await
        .send("PATCH /api/customers/me", json!({"full_name": "Ada King"}))
        .await
        .data(200);
    let events = "SELECT name FROM event WHERE data::text LIKE '%ada@shop.example%'";
    assert!(rows(database.url(), events).len() >= 2, "patron's change of a name is an event of the shop");

    let path = format!("DELETE /api/customers/{}", row["uuid"].as_str().expect("a uuid"));
    patron.admin().await.send(&path, Value::Null).await.data(200);
    eventually("the events are erased", async || rows(database.url(), events).is_empty().then_some(())).await;
    let others = "SELECT name FROM event WHERE data::text LIKE '%other@shop.example%'";
    assert!(!rows(database.url(), others).is_empty());
}
