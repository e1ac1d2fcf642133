//! Rows that the shop's schema allows, and patron's does not: what a check reports, and what an adoption makes of them.

use serde_json::{Value, json};

use super::api::Api;
use super::refused::finding;
use super::schema::{assert_same, schema};
use super::shop::ShopDatabase;
use crate::support::{execute, rows};

/// A bcrypt hash of the password "a" (a test vector of jBCrypt).
pub(super) const HASH: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

/// Inserts customers, each with its address, as the name as well.
pub(super) fn insert_customers(url: &str, emails: &[&str]) {
    for email in emails {
        let insert = format!(
            "INSERT INTO customer (email, full_name, password) VALUES ('{email}', '{email}', '{HASH}')"
        );
        execute(url, &insert);
    }
}

/// Inserts an address of a customer.
pub(super) fn insert_address(url: &str, email: &str, country: &str, is_default: &str) {
    execute(
        url,
        &format!(
            "INSERT INTO customer_address (customer_id, full_name, address_1, city, postcode, country, province, is_default) \
             SELECT customer_id, 'Ada', '1 Street', 'City', '1', '{country}', 'anything', {is_default} FROM customer WHERE email = '{email}'"
        ),
    );
}

/// What an adoption fills or only reports.
fn plant(url: &str) {
    insert_customers(
        url,
        &["a@shop.example", "b@shop.example", "no-at-sign", " space@shop.example", "JÖRG@Shop.Example"],
    );
    for sql in [
        "UPDATE customer SET full_name = NULL, created_at = NULL, updated_at = NULL WHERE email = 'a@shop.example'",
        "UPDATE customer SET status = 7, group_id = NULL, updated_at = 'infinity' WHERE email = 'b@shop.example'",
        "UPDATE customer SET password = 'plain text' WHERE email = 'no-at-sign'",
        "INSERT INTO admin_user (email, password, created_at) VALUES ('without a name', 'plain text', NULL)",
        "INSERT INTO customer_group (group_name, created_at, updated_at) VALUES ('VIP', NULL, NULL)",
        "INSERT INTO reset_password_token (customer_id, token) SELECT customer_id, 'abc' FROM customer WHERE email = 'a@shop.example'",
        "INSERT INTO metafield_definition (owner_type, namespace, field_key, name, field_type, translatable, validations) \
         VALUES ('customer', 'Bad-Name', 'k', '', 'short_text', true, '[{\"name\": \"unknown\", \"value\": {}}]')",
    ] {
        execute(url, sql);
    }
    insert_address(url, "a@shop.example", "Polska", "NULL");
    execute(url, "UPDATE customer_address SET created_at = NULL");
}

/// Which findings the planted rows are, with their severities and numbers of rows.
const EXPECTED: [(&str, &str, u64); 10] = [
    ("null_name", "changes", 1),
    ("null_date", "changes", 1),
    ("status", "changes", 1),
    ("null_default", "changes", 1),
    ("no_group", "reports", 1),
    ("other_hash", "reports", 1),
    ("open_reset_token", "reports", 1),
    ("invalid_email", "reports", 1),
    ("unknown_country", "reports", 1),
    ("refused_definition", "reports", 1),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_patron_does_not_have_are_filled_or_reported() {
    let Some(database) = ShopDatabase::create("dirt") else { return };
    let before = schema(database.url());
    plant(database.url());
    let (code, report) = database.check();
    assert_eq!((code, &report["outcome"]), (0, &json!("ready")), "{report}");
    for (name, severity, count) in EXPECTED {
        let found = finding(&report, name);
        assert_eq!(found["severity"], severity, "{found}");
        assert!(
            found["count"].as_u64() >= Some(count)
                && !found["remedy"].as_str().unwrap_or_default().is_empty(),
            "{found}"
        );
    }
    let tables = report["findings"].as_array().expect("findings").iter();
    let of_dates: Vec<&Value> =
        tables.filter(|found| found["code"] == "null_date").map(|found| &found["table"]).collect();
    assert_eq!(of_dates.len(), 4, "customers, addresses, groups, admins: {report}");

    database.adopt();
    let shop = database.start_shop();
    let patron = database.serve(&[]);
    all_are_listed(&Api::new(&patron.url()), &shop.api()).await;
    assert_eq!(patron.terminate().0, Some(0));
    drop(shop);
    let statuses = "SELECT concat(email, status, full_name) FROM customer WHERE email LIKE '_@%' ORDER BY 1";
    assert_eq!(rows(database.url(), statuses), ["a@shop.example1", "b@shop.example0b@shop.example"]);
    database.undo();
    assert_same(&before, &schema(database.url()));
}

/// No row makes a list fail. An account whose address is not valid can't log in, and the others can.
async fn all_are_listed(patron: &Api, shop: &Api) {
    let admin = patron.admin().await;
    let list = "{ customers { total items { email fullName status createdAt updatedAt group { groupName } addresses { isDefault country { name } } } } \
        customerGroups { total items { groupName } } metafieldDefinitions(ownerType: \"customer\") { key } }";
    let data = admin.query(list).await;
    assert_eq!(data["customers"]["total"], 5, "{data}");
    assert_eq!(data["customerGroups"]["total"], 2, "{data}");
    let found = admin
        .query(
            "{ customers(filters: [{key: \"keyword\", operation: eq, value: \"shop.example\"}]) { total } }",
        )
        .await;
    assert_eq!(found["customers"]["total"], 4, "{found}");
    patron.log_in("a@shop.example", "a").await.data(200);
    patron.log_in("jörg@shop.example", "a").await.data(200);
    for email in ["b@shop.example", "no-at-sign"] {
        let refused = patron.log_in(email, "a").await;
        assert_eq!(refused.status, 401, "{email}: {refused:?}");
    }
    shop.log_in("a@shop.example", "a").await.data(200);
}

/// Values that only the operator can decide about block the adoption, until they are corrected.
#[test]
fn values_that_patron_cannot_have_block_the_adoption() {
    let Some(database) = ShopDatabase::create("values") else { return };
    insert_customers(database.url(), &["a@shop.example", "b@shop.example"]);
    let plant = [
        (
            "meta_data",
            "UPDATE customer SET meta_data = '[1]' WHERE email = 'a@shop.example'",
            "UPDATE customer SET meta_data = '{}'",
        ),
        (
            "group_uuid",
            "INSERT INTO customer_group (uuid, group_name) SELECT uuid, 'Copy' FROM customer_group",
            "DELETE FROM customer_group WHERE group_name = 'Copy'",
        ),
        (
            "reset_token",
            "INSERT INTO reset_password_token (customer_id, token) SELECT customer_id, 'same' FROM customer",
            "DELETE FROM reset_password_token",
        ),
    ];
    let before = schema(database.url());
    for (code, dirty, clean) in plant {
        execute(database.url(), dirty);
        let (exit, report) = database.check();
        let found = finding(&report, code);
        assert!(exit == 1 && found["severity"] == "blocks", "{report}");
        let refused = database.run(&["adopt", "--yes"]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert_same(&before, &schema(database.url()));
        execute(database.url(), clean);
    }
    database.adopt();
}
