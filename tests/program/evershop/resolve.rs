//! Accounts, groups and default addresses that patron can have only once: a check proposes decisions, and an adoption applies
//! those of the operator.

use super::api::Api;
use super::dirt::{insert_address, insert_customers};
use super::refused::finding;
use super::schema::{assert_same, schema};
use super::shop::ShopDatabase;
use crate::support::{ADMIN, execute, rows};

/// Twins by case and by the form of the domain, of customers and admins; names of groups; several default addresses.
fn plant(url: &str) {
    insert_customers(
        url,
        &[
            "twin@shop.example",
            "Twin@Shop.Example",
            "ada@bücher.example",
            "ada@xn--bcher-kva.example",
            "single@shop.example",
        ],
    );
    execute(
        url,
        &format!(
            "INSERT INTO admin_user (email, password, full_name) SELECT upper('{}'), password, 'Twin' FROM admin_user",
            ADMIN[0]
        ),
    );
    execute(url, "INSERT INTO customer_group (group_name) VALUES ('VIP'), ('vip'), (' ')");
    for _ in 0..3 {
        insert_address(url, "single@shop.example", "US", "true");
    }
}

const CODES: [(&str, u64); 5] = [
    ("customer_twins", 2),
    ("admin_twins", 1),
    ("group_twins", 1),
    ("group_without_name", 1),
    ("several_defaults", 1),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_are_resolved_by_the_decisions_of_the_operator() {
    let Some(database) = ShopDatabase::create("resolve") else { return };
    plant(database.url());
    let before = schema(database.url());
    let file = database.folder.path().join("decisions.toml").display().to_string();
    let checked = database.run(&["adopt", "--check", "--format", "json", "--proposals", &file]);
    assert_eq!(checked.code, 1, "{checked:?}");
    for (code, count) in CODES {
        let report = checked.json();
        let found = finding(&report, code);
        assert!(found["severity"] == "blocks" && found["count"] == count, "{found}");
    }
    // Without decisions nothing happens.
    assert_eq!(database.run(&["adopt", "--yes"]).code, 1);
    assert_same(&before, &schema(database.url()));

    // The operator changes a proposal: the account is disabled.
    let proposed = std::fs::read_to_string(&file).expect("the proposals are written");
    let decided = proposed.replacen("action = \"rename\"", "action = \"disable\"", 1);
    assert_ne!(proposed, decided);
    std::fs::write(&file, &decided).expect("the decisions are written");
    database.run(&["adopt", "--yes", "--resolve", &file]).succeeded();
    the_decisions_are_applied(database.url());
    let applied =
        std::fs::read_to_string(format!("{file}.applied.toml")).expect("what was applied is recorded");
    for part in
        ["action = \"disable\"", "action = \"rename\"", "[[default_address]]", "[[group]]", "[[admin]]"]
    {
        assert!(applied.contains(part), "{part}: {applied}");
    }

    let patron = database.serve(&[]);
    let api = Api::new(&patron.url());
    api.log_in("single@shop.example", "a").await.data(200);
    api.admin().await;
    drop(patron);
    database.undo();
    assert_same(&before, &schema(database.url()));
}

fn the_decisions_are_applied(url: &str) {
    let keys = rows(url, "SELECT email_key::text FROM customer ORDER BY 1");
    assert!(keys.len() == 5 && keys.iter().all(|key| key.contains('@')), "{keys:?}");
    assert_eq!(rows(url, "SELECT count(*)::text FROM customer WHERE status = 0"), ["1"]);
    assert_eq!(rows(url, "SELECT count(*)::text FROM customer_address WHERE is_default"), ["1"]);
    assert_eq!(rows(url, "SELECT count(DISTINCT lower(trim(group_name)))::text FROM customer_group"), ["4"]);
    assert_eq!(rows(url, "SELECT count(DISTINCT email_key)::text FROM admin_user"), ["2"]);
}

/// A file is checked against the rows as they are, and a mistake in it changes nothing.
#[test]
fn decisions_that_do_not_fit_the_rows_are_refused() {
    let Some(database) = ShopDatabase::create("misfit") else { return };
    insert_customers(database.url(), &["twin@shop.example", "Twin@Shop.Example"]);
    let before = schema(database.url());
    let file = database.folder.path().join("decisions.toml");
    let path = file.display().to_string();
    for (text, expected) in [
        ("[[customer]]\nid = 1", "email"),
        (
            "[[customer]]\nid = 1\nemail = \"other@shop.example\"\naction = \"rename\"\nnew_email = \"new@shop.example\"",
            "not the one of the decision",
        ),
        (
            "[[customer]]\nid = 999\nemail = \"twin@shop.example\"\naction = \"rename\"\nnew_email = \"new@shop.example\"",
            "999",
        ),
        ("[[customer]]\nid = 1\nemail = \"twin@shop.example\"\naction = \"keep\"", "block"),
        ("not TOML", "TOML"),
    ] {
        std::fs::write(&file, text).expect("the decisions are written");
        let refused = database.run(&["adopt", "--yes", "--resolve", &path]);
        let reason = refused.error.to_lowercase();
        assert!(refused.code == 1 && reason.contains(&expected.to_lowercase()), "{text}: {refused:?}");
        assert_same(&before, &schema(database.url()));
        let emails = rows(database.url(), "SELECT email::text FROM customer ORDER BY customer_id");
        assert_eq!(emails, ["twin@shop.example", "Twin@Shop.Example"], "{text}");
    }
    let missing = database.run(&["adopt", "--yes", "--resolve", "missing.toml"]);
    assert!(missing.code == 1 && missing.error.contains("missing.toml"), "{missing:?}");
}
