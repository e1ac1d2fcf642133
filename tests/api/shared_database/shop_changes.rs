//! The changes of EverShop are journaled, so that webhooks, the feed and the audit trail have them.

use std::collections::BTreeSet;
use std::sync::Arc;

use patron::app::ctx::AdminCtx;
use patron::entity::journal_entry::{Column, Entity, Model};
use patron::service::{backlog, shop_changes};
use patron::types::Actor as JournalActor;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::texts;
use crate::support::{Actor, TestApp, dump, dump_contains};

async fn drain(app: &TestApp) {
    let ctx = AdminCtx::system(Arc::clone(&app.app));
    while shop_changes::drain(&ctx).await.unwrap() {}
}

async fn queued(app: &TestApp) -> Vec<String> {
    texts(&app.app.db, "SELECT source_table::text FROM shop_change ORDER BY shop_change_id").await
}

/// The journal entries of the shop.
async fn entries(app: &TestApp) -> Vec<Model> {
    let select = Entity::find().filter(Column::Actor.eq(JournalActor::Shop));
    select.order_by_asc(Column::JournalEntryId).all(app.app.db.reader()).await.unwrap()
}

/// The events of entries, with the changed fields of those that name few of them.
fn names(entries: &[Model]) -> Vec<String> {
    let name = |entry: &Model| match entry.kind.name() {
        whole if whole.ends_with(".created") || whole.ends_with(".deleted") => whole.to_owned(),
        change => [change].into_iter().chain(entry.field_names()).collect::<Vec<_>>().join(" "),
    };
    entries.iter().map(name).collect()
}

/// The fields of the data of the last entry of each kind.
async fn forms(app: &TestApp, actor: JournalActor) -> Vec<(String, BTreeSet<String>)> {
    let kinds =
        ["customer.created", "customer.updated", "address.created", "address.updated", "address.deleted"];
    let mut forms = Vec::new();
    for kind in kinds {
        let select = Entity::find().filter(Column::Kind.eq(kind)).order_by_desc(Column::JournalEntryId);
        let select = if actor == JournalActor::Shop {
            select.filter(Column::Actor.eq(JournalActor::Shop))
        } else {
            select.filter(Column::Actor.ne(JournalActor::Shop))
        };
        let entry = select.one(app.app.db.reader()).await.unwrap().unwrap_or_else(|| panic!("{kind}"));
        forms.push((kind.to_owned(), entry.data.as_object().unwrap().keys().cloned().collect()));
    }
    forms
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_a_customer_are_journaled() {
    let app = TestApp::start_shared().await;
    for sql in [
        "INSERT INTO customer (email, password, full_name) VALUES ('Ada@x.io', 'h', 'Ada')",
        "UPDATE customer SET full_name = 'Ada Smith'",
        "UPDATE customer SET full_name = 'Ada Smith', updated_at = now()",
        "UPDATE customer SET email = 'ada@x.io', password = 'i', meta_data = '{\"free\": {\"a\": 1}}'",
        "INSERT INTO customer_address (customer_id, country, city) SELECT customer_id, 'DE', 'Ulm' FROM customer",
        "UPDATE customer_address SET city = 'Bonn'",
        "DELETE FROM customer_address",
    ] {
        app.run_as_shop(sql).await;
    }
    drain(&app).await;
    let shop = entries(&app).await;
    assert_eq!(
        names(&shop),
        [
            "customer.created",
            "customer.updated full_name",
            "customer.updated email meta_data",
            "password.changed password",
            "address.created",
            "address.updated city",
            "address.deleted",
        ]
    );
    assert_eq!(
        shop.iter().filter_map(|entry| entry.sequence).collect::<Vec<_>>(),
        (1..=7).collect::<Vec<_>>()
    );
    assert_eq!(app.customers().await[0].event_sequence, 7);
    assert_eq!(shop[2].data["meta_data"], json!({"free": {"a": 1}}));
    assert!(shop.iter().all(|entry| entry.data.get("password").is_none()), "{shop:?}");
    assert_eq!(queued(&app).await, [""; 0]);
    // As the audit trail shows it.
    let query = "query ($customer: String) { auditEntries(filter: {actor: SHOP, customer: $customer}) {
        nodes { action actor changes } } }";
    let uuid = shop[0].record.to_string();
    let found = app.admin().query_with(query, json!({"customer": uuid})).await.data();
    let renamed = json!({"full_name": {"old": "Ada", "new": "Ada Smith"}});
    let expected = json!({"action": "customer.updated", "actor": "SHOP", "changes": renamed});
    assert_eq!(found["auditEntries"]["nodes"][5], expected);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_have_the_form_of_those_of_patron() {
    let app = TestApp::start_shared().await;
    let customer = app.customer("a@x.io").await;
    customer.patch("/api/customers/me", &json!({"full_name": "Ada"})).await.data();
    let address = app.add_address(&customer.row, "US-CA", true).await;
    let url = format!("/api/customers/me/addresses/{}", address["uuid"].as_str().unwrap());
    customer.patch(&url, &json!({"city": "Other"})).await.data();
    customer.delete(&url).await.data();
    for sql in [
        "INSERT INTO customer (email, password, full_name) VALUES ('b@x.io', 'h', 'B')",
        "UPDATE customer SET full_name = 'C'",
        "INSERT INTO customer_address (customer_id, country) SELECT customer_id, 'DE' FROM customer",
        "UPDATE customer_address SET city = 'Bonn'",
        "DELETE FROM customer_address",
    ] {
        app.run_as_shop(sql).await;
    }
    drain(&app).await;
    assert_eq!(forms(&app, JournalActor::Shop).await, forms(&app, JournalActor::Customer).await);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_groups_admins_and_definitions_are_journaled() {
    let app = TestApp::start_shared().await;
    for sql in [
        "INSERT INTO customer_group (group_name) VALUES ('VIP')",
        "UPDATE customer_group SET group_name = 'Gold' WHERE group_name = 'VIP'",
        "DELETE FROM customer_group WHERE group_name = 'Gold'",
        "INSERT INTO admin_user (email, password, full_name) VALUES ('b@x.io', 'h', 'B')",
        "UPDATE admin_user SET password = 'i' WHERE email = 'b@x.io'",
        "DELETE FROM admin_user WHERE email = 'b@x.io'",
        "INSERT INTO metafield_definition (owner_type, field_key, name, field_type) VALUES
           ('customer', 'level', 'Level', 'short_text'), ('product', 'size', 'Size', 'short_text')",
        "UPDATE metafield_definition SET name = 'Other', updated_at = now()",
        "UPDATE metafield_definition SET name = 'Other', updated_at = now()",
        "DELETE FROM metafield_definition",
    ] {
        app.run_as_shop(sql).await;
    }
    drain(&app).await;
    let names: Vec<String> = names(&entries(&app).await);
    let kinds: Vec<&str> = names.iter().filter_map(|name| name.split(' ').next()).collect();
    assert_eq!(
        kinds,
        [
            "group.created",
            "group.updated",
            "group.deleted",
            "admin.created",
            "admin.updated",
            "admin.deleted",
            "metafield_definition.created",
            "metafield_definition.updated",
            "metafield_definition.deleted",
        ]
    );
    assert_eq!(
        (names[1].as_str(), names[4].as_str()),
        ("group.updated group_name", "admin.updated password")
    );
    assert_eq!(names[7], "metafield_definition.updated name");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_the_shop_ends_are_journaled() {
    let app = TestApp::start_shared().await;
    let customer = app.customer("a@x.io").await;
    app.log_in_customer(&customer.row).await;
    app.run_as_shop("UPDATE customer SET status = 0").await;
    drain(&app).await;
    let shop = entries(&app).await;
    assert_eq!(names(&shop), ["customer.updated status", "session.revoked"]);
    assert_eq!(shop[1].data, json!({"count": 2}));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_that_the_shop_deletes_is_erased() {
    let app = TestApp::start_shared().await;
    let customer = app.customer("zofia@x.io").await;
    customer.patch("/api/customers/me", &json!({"full_name": "Zofia"})).await.data();
    for sql in [
        "INSERT INTO customer_address (customer_id, country, city) SELECT customer_id, 'DE', 'Zofia' FROM customer",
        "INSERT INTO customer (email, password, full_name) VALUES ('zofia.b@x.io', 'h', 'Zofia')",
        "UPDATE customer SET full_name = 'Zofia Smith'",
        "DELETE FROM customer",
    ] {
        app.run_as_shop(sql).await;
    }
    drain(&app).await;
    let all = Entity::find().order_by_asc(Column::JournalEntryId).all(app.app.db.reader()).await.unwrap();
    let of = |uuid: &Value| {
        let own = all.iter().filter(|entry| json!(entry.customer_uuid) == *uuid);
        own.map(|entry| (entry.kind.name(), entry.sequence.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(
        of(&customer.row["uuid"]),
        [
            ("customer.created", 1),
            ("session.created", 2),
            ("customer.updated", 3),
            ("address.created", 4),
            ("customer.updated", 5),
            ("customer.deleted", 6),
        ]
    );
    let short = all
        .iter()
        .find(|entry| json!(entry.customer_uuid) != customer.row["uuid"] && entry.sequence.is_some());
    assert_eq!(
        of(&json!(short.unwrap().customer_uuid)),
        [("customer.created", 1), ("customer.updated", 2), ("customer.deleted", 3)]
    );
    let dump = dump(&app).await;
    assert!(!dump_contains(&dump, "zofia"), "{dump}");
    assert_eq!(texts(&app.app.db, "SELECT name FROM event").await, [""; 0]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn erasing_a_customer_erases_the_copies_of_the_shop() {
    let app = TestApp::start_shared().await;
    let row = app.register("a@x.io").await;
    app.register("b@x.io").await;
    app.run_as_shop("UPDATE customer SET full_name = 'Ada'").await;
    app.run_as_shop(
        "INSERT INTO event (name, data) SELECT 'account_created', row_to_json(customer) FROM customer",
    )
    .await;
    let url = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    app.admin().delete(&url).await.data();
    let left = texts(&app.app.db, "SELECT DISTINCT data ->> 'email' FROM event").await;
    assert_eq!(left, ["b@x.io"]);
    assert_eq!(queued(&app).await, ["customer"], "the change of the other customer");
    drain(&app).await;
    assert_eq!(names(&entries(&app).await), ["customer.updated full_name"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_cannot_be_journaled_does_not_stop_the_others() {
    let app = TestApp::start_shared().await;
    for sql in [
        "INSERT INTO shop_change (source_table, operation, row_uuid) VALUES ('customer_group', 'insert', gen_random_uuid())",
        "INSERT INTO customer_group (group_name) VALUES ('VIP')",
    ] {
        app.run_as_shop(sql).await;
    }
    drain(&app).await;
    assert_eq!(names(&entries(&app).await), ["group.created"]);
    assert_eq!(queued(&app).await, ["customer_group"]);
    backlog::measure(&AdminCtx::system(Arc::clone(&app.app))).await.unwrap();
    let metrics = app.anonymous().get("/metrics").await.text;
    for sample in [
        "patron_queue_due{queue=\"shop_change\"} 0",
        "patron_queue_given_up{queue=\"shop_change\"} 1",
        "patron_queue_attempts_total{queue=\"shop_change\",outcome=\"sent\"} 1",
    ] {
        assert!(metrics.contains(sample), "{sample}: {metrics}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_do_not_find_an_address_that_the_shop_deleted() {
    let app = TestApp::start_shared().await;
    let row = app.register("a@x.io").await;
    app.add_address(&row, "US-CA", true).await;
    let city = texts(&app.app.db, "SELECT city FROM customer_address").await.remove(0);
    let found = async || {
        let query = "query ($v: ID!) { customers(filters: [{key: \"keyword\", operation: eq, value: $v}]) { total } }";
        app.admin().query_with(query, json!({"v": city})).await.data()["customers"]["total"].clone()
    };
    assert_eq!(found().await, 1);
    app.run_as_shop("DELETE FROM customer_address").await;
    drain(&app).await;
    assert_eq!(found().await, 0);
    app.stop().await;
}
