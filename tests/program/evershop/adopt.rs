//! A running shop is adopted, both programs serve it, and the undo leaves what was there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::api::{Api, address};
use super::schema::{assert_same, schema};
use super::shop::{Shop, ShopDatabase};
use crate::support::{execute, rows};

/// All columns of the shop's customers and admins, with values that an adoption does not change.
const ACCOUNTS: &str = "SELECT row_to_json(c)::text FROM customer c UNION ALL SELECT row_to_json(a)::text FROM admin_user a ORDER BY 1";
const PASSWORD: &str = "a password of the tests";

/// Registers customers at the shop until it is stopped; returns their addresses.
async fn register_until(stopped: Arc<AtomicBool>, api: Api) -> Vec<String> {
    let mut registered = Vec::new();
    while !stopped.load(Ordering::Relaxed) {
        let email = format!("customer{}@shop.example", registered.len());
        api.register(&email, PASSWORD).await;
        registered.push(email);
    }
    registered
}

/// The profile of the caller over GraphQL, which both programs have.
async fn profile(api: &Api) -> Value {
    let document = "{ currentCustomer { customerId uuid email fullName addresses { address1 isDefault } } }";
    api.query(document).await["currentCustomer"].clone()
}

/// Each program sees what the other one writes.
async fn both_work(shop: &Api, patron: &Api) {
    let (email, password) = ("ada@shop.example", "engine number one");
    let (at_shop, at_patron) = (shop.customer(email, password).await, patron.customer(email, password).await);
    at_shop.send("PATCH /api/customers/me", json!({"full_name": "Ada King"})).await.data(200);
    assert_eq!(profile(&at_patron).await["fullName"], "Ada King");
    at_patron.send("PATCH /api/customers/me", json!({"full_name": "Ada Lovelace"})).await.data(200);
    assert_eq!(profile(&at_shop).await["fullName"], "Ada Lovelace");
    at_shop.send("POST /api/customers/me/addresses", address("3 Shop Street")).await.data(200);
    at_patron.send("POST /api/customers/me/addresses", address("4 Patron Street")).await.data(201);
    let (seen_by_shop, seen_by_patron) = (profile(&at_shop).await, profile(&at_patron).await);
    for street in ["3 Shop Street", "4 Patron Street"] {
        assert!(seen_by_shop.to_string().contains(street), "{seen_by_shop}");
        assert!(seen_by_patron.to_string().contains(street), "{seen_by_patron}");
    }
    // A customer that patron registers can log in at the shop, and the other way round.
    patron.register("by-patron@shop.example", PASSWORD).await;
    shop.log_in("by-patron@shop.example", PASSWORD).await.data(200);
    shop.register("by-shop@shop.example", PASSWORD).await;
    patron.log_in("by-shop@shop.example", PASSWORD).await.data(200);
    passwords_of_the_shop(patron).await;
    // Custom fields of the shop, and a definition of patron.
    let admin = patron.admin().await;
    let fields = r#"{ customer(email: "ada@shop.example") { metafields { key value } } }"#;
    let values = admin.query(fields).await;
    assert!(values.to_string().contains("gold"), "{values}");
    let definition = json!({"ownerType": "customer", "namespace": "custom", "fieldKey": "size", "name": "Size", "fieldType": "integer"});
    admin.send("POST /api/metafield-definitions", definition).await.data(201);
    let listed =
        shop.admin().await.send("GET /api/metafield-definitions?ownerType=customer", Value::Null).await;
    assert!(listed.data(200).to_string().contains("\"size\""));
}

/// Passwords that EverShop accepts, and patron would not: they are verified all the same. Addresses are compared without case.
async fn passwords_of_the_shop(patron: &Api) {
    // EverShop's bcrypt ignores all bytes after the 72nd.
    let long = "x".repeat(80);
    for (email, password) in [
        ("jazn@shop.example", "zażółć gęślą"),
        ("o'neil+tag@sub.shop.example", "abcdef"),
        ("grace.hopper@shop.example", "compiler of 1952"),
        ("lena@shop.example", long.as_str()),
    ] {
        let reply = patron.log_in(email, password).await;
        assert_eq!(reply.status, 200, "{email}: {reply:?}");
    }
    assert_eq!(patron.log_in("dora@shop.example", "dora is disabled").await.status, 401);
}

/// The adoption of a populated shop, which registers customers all along.
async fn adopt_while_it_writes(database: &ShopDatabase, shop: &Shop) {
    let stopped = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(register_until(Arc::clone(&stopped), shop.api()));
    let adopted = database.adopt();
    stopped.store(true, Ordering::Relaxed);
    let registered = writer.await.expect("every registration succeeds");
    println!("{} registrations during the adoption\n{}", registered.len(), adopted.output);
    let incomplete = "SELECT email::text FROM customer WHERE email_key IS NULL OR email_key <> lower(email)";
    assert_eq!(rows(database.url(), incomplete), Vec::<String>::new());
    let customers = rows(database.url(), "SELECT email::text FROM customer");
    assert!(registered.iter().all(|email| customers.contains(email)), "{customers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_shop_is_adopted_and_the_undo_leaves_its_schema() {
    let Some(database) = ShopDatabase::create("adopt") else { return };
    let shop = database.start_shop();
    shop.populate(&database);
    let before = schema(database.url());

    let (code, report) = database.check();
    assert_eq!((code, &report["outcome"]), (0, &json!("ready")), "{report}");
    assert_eq!(report["modules"]["customer"], "1.0.4");
    assert_eq!(report["rows"]["customer"], 7);
    assert_same(&before, &schema(database.url()));

    adopt_while_it_writes(&database, &shop).await;
    let again = database.run(&["adopt", "--check", "--format", "json"]).succeeded().json();
    assert_eq!((&again["outcome"], &again["phase"]), (&json!("adopted"), &json!("shared")));
    let patron = database.serve(&[]);
    both_work(&shop.api(), &Api::new(&patron.url())).await;
    let (code, log) = patron.terminate();
    assert!(code == Some(0) && !log.contains("panicked"), "{log}");

    // The shop keeps running during the undo.
    let kept = "SELECT string_agg(email || password, ' ' ORDER BY customer_id) FROM customer";
    let accounts = rows(database.url(), kept);
    database.undo();
    assert_same(&before, &schema(database.url()));
    assert_eq!(rows(database.url(), kept), accounts);
    shop.api().log_in("by-patron@shop.example", PASSWORD).await.data(200);
    let ada = shop.api().customer("ada@shop.example", "engine number one").await;
    ada.send("POST /api/customers/me/addresses", address("5 Shop Street")).await.data(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adoption_can_be_undone_and_repeated() {
    let Some(database) = ShopDatabase::create("again") else { return };
    let shop = database.start_shop();
    shop.populate(&database);
    let (before, accounts) = (schema(database.url()), rows(database.url(), ACCOUNTS));
    database.adopt();
    let adopted = schema(database.url());
    for _ in 0..2 {
        database.undo();
        assert_same(&before, &schema(database.url()));
        assert_eq!(rows(database.url(), ACCOUNTS), accounts, "an unused adoption changes no account");
        database.adopt();
        assert_same(&adopted, &schema(database.url()));
    }
    // Both do nothing when there is nothing to do.
    database.adopt();
    assert_same(&adopted, &schema(database.url()));
    database.undo();
    database.undo();
    assert_same(&before, &schema(database.url()));
}

/// Migrations never create or drop a table of the shop.
#[test]
fn migrations_of_a_shop_name_the_adoption() {
    let Some(database) = ShopDatabase::create("migrate") else { return };
    let before = schema(database.url());
    for command in [
        &["migrate", "up"][..],
        &["migrate", "down", "--all"],
        &["migrate", "status"],
        &["serve"],
        &["admin", "list"],
    ] {
        let ran = database.run(command);
        let names_remedy = ran.error.contains("EverShop") && ran.error.contains("patron adopt --check");
        assert!(ran.code != 0 && ran.code != 70 && names_remedy, "{command:?}: {ran:?}");
        assert_same(&before, &schema(database.url()));
    }
    database.adopt();
    let adopted = schema(database.url());
    database.run(&["migrate", "status"]).succeeded();
    for command in [&["migrate", "down"][..], &["migrate", "down", "--all"]] {
        let ran = database.run(command);
        assert!(ran.code == 1 && ran.error.contains("patron adopt --undo"), "{command:?}: {ran:?}");
        assert_same(&adopted, &schema(database.url()));
    }
    // A guard that was dropped by hand is created again.
    execute(database.url(), "DROP TRIGGER patron_guard ON customer");
    database.run(&["migrate", "up"]).succeeded();
    assert_same(&adopted, &schema(database.url()));
}
