//! The values of a deleted definition are removed from the customers in batches.

use std::time::Duration;

use patron::app::ctx::SystemCtx;
use patron::entity::{customer, metafield_definition};
use patron::service::metafield::clean_up;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, PaginatorTrait, QuerySelect};
use serde_json::{Value, json};

use super::{DEFINITIONS, MINE, custom, define, definition};
use crate::support::{Actor, TestApp, apply, on_both_databases};

/// Inserts customers with unvalidated `meta_data`.
async fn insert(app: &TestApp, count: usize, meta_data: impl Fn(usize) -> Value) {
    app.register("template@x.io").await;
    let password = app.customers().await.remove(0).password;
    let row = |number: usize| customer::ActiveModel {
        uuid: Set(app.app.random.uuid()),
        email: Set(patron::types::EmailAddress::parse(&format!("c{number}@x.io")).unwrap()),
        password: Set(password.clone()),
        full_name: Set("Jo".to_owned()),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        meta_data: Set(meta_data(number)),
        ..Default::default()
    };
    let rows: Vec<_> = (0..count).map(row).collect();
    for chunk in rows.chunks(500) {
        customer::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(app.app.db.writer())
            .await
            .unwrap();
    }
}

#[apply(on_both_databases!)]
async fn values_are_removed_in_batches(app: &TestApp) {
    let system = SystemCtx::system(app.app.clone());
    let url = define(app, "loyalty", "short_text", json!({})).await;
    define(app, "other", "integer", json!({})).await;
    insert(app, 2100, |number| match number % 3 {
        0 => json!({"custom": {"loyalty": "gold"}, "free": 1}),
        1 => json!({"custom": {"loyalty": "gold", "other": 5}}),
        _ => json!({"custom": 5}),
    })
    .await;
    assert!(!clean_up(&system).await.unwrap(), "nothing is deleted yet");
    let before = app.customers().await;
    app.admin().delete(&url).await.data();
    assert_eq!(app.customers().await, before);
    let with_value = async || {
        app.customers()
            .await
            .iter()
            .filter(|customer| customer.meta_data["custom"]["loyalty"] == "gold")
            .count()
    };
    let mut remaining = vec![with_value().await];
    let assert_not_redefinable = async || {
        let response = app.admin().post(DEFINITIONS, &definition("loyalty", "integer", json!({}))).await;
        response.assert_failure(409, "conflict");
        assert_eq!(response.message(), "\"custom.loyalty\" is still being deleted; try again later");
    };
    assert_not_redefinable().await;
    while clean_up(&system).await.unwrap() {
        remaining.push(with_value().await);
        assert_not_redefinable().await;
    }
    assert_eq!(remaining, [1400, 734, 67, 0], "a thousand customers at a time");
    assert!(!clean_up(&system).await.unwrap());
    for (before, after) in before.iter().zip(app.customers().await) {
        let number = before.customer_id;
        let expected = match before.meta_data["free"].is_null() {
            _ if before.meta_data["custom"] == 5 => json!({"custom": 5}),
            _ if before.meta_data == json!({}) => json!({}),
            false => json!({"free": 1}),
            true => json!({"custom": {"other": 5}}),
        };
        assert_eq!(after.meta_data, expected, "{number}");
        assert_eq!(
            customer::Model { meta_data: before.meta_data.clone(), ..after },
            *before,
            "no other column changes"
        );
    }
    define(app, "loyalty", "integer", json!({})).await;
    assert_eq!(metafield_definition::Entity::find().count(app.app.db.writer()).await.unwrap(), 2);
}

#[apply(on_both_databases!)]
async fn two_workers_clean_up_two_definitions(app: &TestApp) {
    let system = SystemCtx::system(app.app.clone());
    let urls = [define(app, "a", "integer", json!({})).await, define(app, "b", "integer", json!({})).await];
    insert(app, 50, |_| json!({"custom": {"a": 1, "b": 2}})).await;
    for url in &urls {
        app.admin().delete(url).await.data();
    }
    let work = async || while clean_up(&system).await.unwrap() {};
    futures_util::future::join(work(), work()).await;
    assert!(app.customers().await.iter().all(|customer| customer.meta_data == json!({})));
    assert_eq!(metafield_definition::Entity::find().count(app.app.db.writer()).await.unwrap(), 0);
}

/// A write during the deletion of a definition waits, and then finds no definition.
#[apply(on_both_databases!)]
async fn a_write_waits_for_a_deletion(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    define(app, "loyalty", "integer", json!({})).await;
    let transaction = app.app.db.begin().await.unwrap();
    let row = metafield_definition::Entity::find().lock_exclusive().one(&transaction).await.unwrap().unwrap();
    let deleted = metafield_definition::ActiveModel { deleted_at: Set(Some(app.now())), ..row.into() };
    deleted.update(&transaction).await.unwrap();
    let commit = async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        transaction.commit().await.unwrap();
    };
    let (response, ()) =
        futures_util::future::join(customer.patch(MINE, &custom(json!({"loyalty": 1}))), commit()).await;
    assert_eq!(response.message(), "There is no custom field \"custom.loyalty\"");
}

/// Values written during the deletion of a definition are refused or removed by the clean-up.
#[apply(on_both_databases!)]
async fn values_written_during_a_deletion_are_removed(app: &TestApp) {
    let system = SystemCtx::system(app.app.clone());
    let customers =
        [app.customer("a@x.io").await, app.customer("b@x.io").await, app.customer("c@x.io").await];
    for round in 0..5 {
        let url = define(app, "loyalty", "integer", json!({})).await;
        let act = async |number: usize| match number {
            7 => app.admin().delete(&url).await,
            _ => customers[number % 3].patch(MINE, &custom(json!({"loyalty": number + 100 * round}))).await,
        };
        let work = async || while clean_up(&system).await.unwrap() {};
        let (responses, ()) =
            futures_util::future::join(futures_util::future::join_all((0..20).map(act)), work()).await;
        for response in responses {
            let is_deleted =
                response.status == 400 && response.message() == "There is no custom field \"custom.loyalty\"";
            assert!(response.status == 200 || is_deleted, "{response:?}");
        }
        work().await;
        assert!(
            app.customers().await.iter().all(|customer| customer.meta_data == json!({})),
            "a value was not removed"
        );
    }
}
