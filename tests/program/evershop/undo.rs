//! The undo after a time of use by both programs: what is lost is counted before, and the rest stays.

use serde_json::{Value, json};

use super::api::{Api, address, eventually};
use super::schema::{assert_same, schema};
use super::shop::ShopDatabase;
use crate::support::{ADMIN, execute, rows};

const PASSWORD: &str = "a password of the tests";

/// What the two programs write in a week.
async fn use_both(shop: &Api, patron: &Api, database: &ShopDatabase) {
    for number in 0..5 {
        let (one, other) = (format!("shop{number}@shop.example"), format!("patron{number}@shop.example"));
        shop.register(&one, PASSWORD).await;
        patron.register(&other, PASSWORD).await;
        let customer = patron.customer(&one, PASSWORD).await;
        customer.send("POST /api/customers/me/addresses", address("1 Street")).await.data(201);
        let customer = shop.customer(&other, PASSWORD).await;
        let mut default = address("2 Street");
        default["is_default"] = json!(true);
        customer.send("POST /api/customers/me/addresses", default.clone()).await.data(200);
        customer.send("POST /api/customers/me/addresses", default).await.data(200);
    }
    let customer = patron.customer("patron0@shop.example", PASSWORD).await;
    let change = json!({"current_password": PASSWORD, "password": "another good password"});
    customer.send("POST /api/customers/me/password", change).await.data(200);
    let admin = patron.admin().await;
    let view = json!({"name": "Mine", "query": "filter=%7B%7D"});
    admin.send("POST /api/customer-groups", json!({"group_name": "VIP"})).await.data(201);
    admin.send("POST /api/views", view).await.data(201);
    verify(patron, database).await;
}

/// A customer opens the link that patron has mailed.
async fn verify(patron: &Api, database: &ShopDatabase) {
    let folder = database.folder.path().join("data/mail");
    let token = eventually("the mail to verify an address", async || {
        let files = std::fs::read_dir(&folder).ok()?.filter_map(Result::ok);
        let mut mails = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        let mail = mails.find(|mail| mail.contains("/account/verify-email#token="))?;
        let token = mail.split("#token=").nth(1)?.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        Some(token.to_owned())
    })
    .await;
    patron.send("POST /api/customers/verify-email", json!({"token": token})).await.data(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_after_use_by_both_counts_what_is_lost() {
    let Some(database) = ShopDatabase::create("undo") else { return };
    let before = schema(database.url());
    let shop = database.start_shop();
    database.adopt();
    let patron = database.serve(&[]);
    use_both(&shop.api(), &Api::new(&patron.url()), &database).await;
    // As after a time with PATRON_PASSWORD_HASHES=argon2id.
    execute(
        database.url(),
        "BEGIN; SET LOCAL patron.writer = 'on'; UPDATE customer SET password = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA' WHERE email = 'patron1@shop.example'; COMMIT",
    );
    assert_eq!(patron.terminate().0, Some(0));

    // Without a terminal and --yes, it says what is lost, and does nothing.
    let adopted = schema(database.url());
    let refused = database.run(&["adopt", "--undo"]);
    assert!(refused.code == 1 && refused.error.contains("--yes"), "{refused:?}");
    for lost in [
        "customers need a new password",
        "verified e-mail addresses",
        "sessions of customers",
        "entries of the journal",
        "saved views",
    ] {
        assert!(refused.output.contains(lost), "{lost}: {refused:?}");
    }
    assert_same(&adopted, &schema(database.url()));

    let undone = database.run(&["adopt", "--undo", "--yes", "--format", "json"]).succeeded().json();
    assert_eq!(undone["outcome"], "undone");
    let lost = |name: &str| undone["lost"][name].as_u64().unwrap_or_default();
    assert_eq!(
        (lost("customer_passwords"), lost("verified_emails"), lost("saved_views")),
        (1, 1, 1),
        "{undone}"
    );
    assert!(lost("journal_entries") > 20 && lost("customer_sessions") >= 5, "{undone}");
    assert_same(&before, &schema(database.url()));
    the_shop_works(&shop.api(), database.url()).await;
}

/// What both have written is there, and the shop runs as before.
async fn the_shop_works(shop: &Api, url: &str) {
    let counts = "SELECT concat((SELECT count(*) FROM customer), ' ', (SELECT count(*) FROM customer_address), ' ', (SELECT count(*) FROM customer_address WHERE is_default))";
    assert_eq!(rows(url, counts), ["10 15 5"]);
    shop.log_in("patron0@shop.example", "another good password").await.data(200);
    shop.log_in("patron2@shop.example", PASSWORD).await.data(200);
    // The hash that the shop can't verify, which the undo has counted.
    assert_eq!(shop.log_in("patron1@shop.example", PASSWORD).await.status, 400);
    shop.register("after@shop.example", PASSWORD).await;
    let admin = shop.admin().await;
    let groups = admin.send("POST /api/admin/graphql", json!({"query": "{ customers { total } }"})).await;
    assert_eq!(groups.body["data"]["customers"]["total"], 11, "{groups:?}");
    let row = rows(url, &format!("SELECT password FROM admin_user WHERE email = '{}'", ADMIN[0]));
    assert!(row[0].starts_with("$2"), "the password of the admin is not bcrypt");
    let deleted = shop.register("deleted@shop.example", PASSWORD).await;
    let path = format!("DELETE /api/customers/{}", deleted["uuid"].as_str().expect("a uuid"));
    admin.send(&path, Value::Null).await.data(200);
}
