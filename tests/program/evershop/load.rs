//! The adoption of a large shop while it is written to, over SQL as by EverShop and its extensions, and over its API.
//!
//! No write may fail or be lost. The longest write is printed, and not checked, because it depends on the machine;
//! `locks.rs` checks that no write waits for the adoption. `PATRON_TEST_CUSTOMERS` is the number of customers, 20 000 by default.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use patron::clock::Timer;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use super::api::Api;
use super::dirt::HASH;
use super::shop::ShopDatabase;
use crate::support::{execute, rows};

/// Writers over SQL.
const WRITERS: usize = 3;
/// The pause of a writer between two customers: together they register more customers than a shop does.
const PAUSE: Duration = Duration::from_millis(50);

fn customers() -> usize {
    std::env::var("PATRON_TEST_CUSTOMERS")
        .map_or(20_000, |customers| customers.parse().expect("a number of customers"))
}

/// What a writer has done.
#[derive(Default)]
struct Written {
    /// The addresses of the customers that were stored.
    emails: Vec<String>,
    writes: usize,
    longest: Duration,
}

impl Written {
    fn count(&mut self, timer: &Timer) {
        self.writes += 1;
        self.longest = self.longest.max(timer.elapsed());
    }
}

/// A writer as EverShop: without a mark, and each statement as a transaction.
struct Writer {
    db: DatabaseConnection,
    written: Written,
}

impl Writer {
    async fn execute(&mut self, sql: &str) {
        let timer = Timer::start();
        self.db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        self.written.count(&timer);
    }

    /// Registers customers, each with two default addresses, and renames an older one.
    async fn write_until(mut self, stopped: Arc<AtomicBool>, number: usize, total: usize) -> Written {
        let mut round = 0;
        while !stopped.load(Ordering::Relaxed) {
            let email = format!("writer{number}-{round}@load.example");
            self.execute(&format!(
                "INSERT INTO customer (email, full_name, password) VALUES ('{email}', 'Writer {round}', '{HASH}')"
            ))
            .await;
            for street in ["1 Street", "2 Street"] {
                self.execute(&default_address(&email, street)).await;
            }
            let other = 1 + (round * WRITERS + number) * 7919 % total;
            let rename =
                format!("UPDATE customer SET full_name = '{email}' WHERE email = 'c{other}@load.example'");
            self.execute(&rename).await;
            self.written.emails.push(email);
            round += 1;
            tokio::time::sleep(PAUSE).await;
        }
        self.db.close().await.expect("the connection closes");
        self.written
    }
}

/// EverShop stores the new default address first, and then clears the others.
fn default_address(email: &str, street: &str) -> String {
    format!(
        "INSERT INTO customer_address (customer_id, country, address_1, is_default) \
         SELECT customer_id, 'US', '{street}', true FROM customer WHERE email = '{email}'; \
         UPDATE customer_address SET is_default = false FROM customer \
         WHERE customer.customer_id = customer_address.customer_id AND email = '{email}' AND address_1 <> '{street}'"
    )
}

async fn register_until(stopped: Arc<AtomicBool>, api: Api) -> Written {
    let mut written = Written::default();
    while !stopped.load(Ordering::Relaxed) {
        let email = format!("api-{}@load.example", written.writes);
        let timer = Timer::start();
        api.register(&email, "a password of the tests").await;
        written.count(&timer);
        written.emails.push(email);
    }
    written
}

/// Many customers, as a large shop has them. Without its triggers, which would store an event for each.
fn fill(url: &str, total: usize) {
    execute(
        url,
        &format!(
            "SET session_replication_role = replica; \
             INSERT INTO customer (email, full_name, password) SELECT 'c' || number || '@load.example', 'Customer ' || number, '{HASH}' \
             FROM generate_series(1, {total}) AS number; \
             INSERT INTO customer_address (customer_id, full_name, address_1, city, postcode, country, is_default) \
             SELECT customer_id, full_name, '1 Street', 'City', '12345', 'DE', nullif(customer_id % 2 = 0, false) FROM customer"
        ),
    );
    execute(url, "ANALYZE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adoption_under_load_loses_no_write() {
    let Some(database) = ShopDatabase::create("load") else { return };
    let total = customers();
    fill(database.url(), total);
    let shop = database.start_shop();
    let stopped = Arc::new(AtomicBool::new(false));
    let mut writers = vec![tokio::spawn(register_until(Arc::clone(&stopped), shop.api()))];
    for number in 0..WRITERS {
        let db = Database::connect(database.url()).await.expect("the database is reachable");
        let writer = Writer { db, written: Written::default() };
        writers.push(tokio::spawn(writer.write_until(Arc::clone(&stopped), number, total)));
    }
    let timer = Timer::start();
    database.adopt();
    let seconds = timer.elapsed().as_secs_f64();
    stopped.store(true, Ordering::Relaxed);
    let (mut emails, mut writes, mut longest) = (Vec::new(), 0, Duration::ZERO);
    for writer in writers {
        let written = writer.await.expect("no write has failed");
        emails.extend(written.emails);
        writes += written.writes;
        longest = longest.max(written.longest);
    }
    println!(
        "{total} customers adopted in {seconds:.1} s; {writes} writes in the time, the longest took {} ms",
        longest.as_millis()
    );
    nothing_is_lost(database.url(), total, emails);
    database.undo();
}

fn nothing_is_lost(url: &str, total: usize, mut emails: Vec<String>) {
    let mut stored = rows(url, "SELECT email::text FROM customer WHERE email NOT LIKE 'c%'");
    emails.sort_unstable();
    stored.sort_unstable();
    assert_eq!(emails, stored);
    assert_eq!(rows(url, "SELECT count(*)::text FROM customer WHERE email LIKE 'c%'"), [total.to_string()]);
    let wrong = "SELECT email::text FROM customer WHERE email_key IS DISTINCT FROM lower(email)";
    assert_eq!(rows(url, wrong), Vec::<String>::new());
    let defaults = "SELECT address_1::text FROM customer_address JOIN customer USING (customer_id) WHERE is_default AND email LIKE 'writer%'";
    let defaults = rows(url, defaults);
    assert!(defaults.iter().all(|street| street == "2 Street"), "an earlier default address was kept");
    let writers = emails.iter().filter(|email| email.starts_with("writer")).count();
    assert_eq!(defaults.len(), writers, "a customer has no default address, or several");
}
