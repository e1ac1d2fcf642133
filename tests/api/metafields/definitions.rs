//! `POST`, `PATCH` and `DELETE` of definitions, and reading them over GraphQL.

use std::time::Duration;

use chrono::TimeDelta;
use patron::entity::metafield_definition;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryOrder, QuerySelect, Select};
use serde_json::{Value, json};

use super::{DEFINITIONS, define, definition};
use crate::support::{Actor, NOW, TestApp, apply, on_both_databases};

/// All definitions, the oldest first.
fn select() -> Select<metafield_definition::Entity> {
    metafield_definition::Entity::find().order_by_asc(metafield_definition::Column::MetafieldDefinitionId)
}

pub(super) async fn stored(app: &TestApp) -> Vec<metafield_definition::Model> {
    select().all(app.app.db.writer()).await.unwrap()
}

#[apply(on_both_databases!)]
async fn definitions_are_created_changed_and_deleted(app: &TestApp) {
    let response = app.admin().post(DEFINITIONS, &json!({"ownerType": "customer", "fieldKey": "loyalty", "name": "Loyalty", "fieldType": "short_text"})).await;
    assert_eq!(response.status, 201, "{response:?}");
    let row = response.data();
    let url = format!("{DEFINITIONS}/{}", row["uuid"].as_str().unwrap());
    assert_eq!(response.header("location"), Some(url.as_str()));
    assert_eq!(
        response.text,
        format!(
            r#"{{"data":{{"uuid":{},"ownerType":"customer","namespace":"custom","key":"loyalty","name":"Loyalty","description":null,"type":"short_text","isList":false,"required":false,"visibleToCustomer":true,"validations":[],"subFields":[],"position":0,"createdAt":"{NOW}","updatedAt":"{NOW}"}}}}"#,
            row["uuid"]
        )
    );
    app.app.clock.advance(TimeDelta::seconds(1));
    let same = json!({"ownerType": "customer", "namespace": "custom", "fieldKey": "loyalty", "fieldType": "short_text", "isList": false,
        "name": "Loyalty", "description": null, "validations": [], "subFields": null, "position": 0, "unknown": 1});
    for unchanged in [json!({}), same] {
        assert_eq!(app.admin().patch(&url, &unchanged).await.data(), row, "nothing changes");
    }
    let rules = json!([{"type": "size", "min": 2.0, "max": 5, "unknown": 1}, {"type": "choices", "values": ["gold", "silver"]}]);
    let changes = json!({"name": "Level", "description": "What it is", "required": true, "visibleToCustomer": false, "validations": rules, "position": -3.0});
    let changed = app.admin().patch(&url, &changes).await.data();
    let rules =
        json!([{"type": "size", "min": 2, "max": 5}, {"type": "choices", "values": ["gold", "silver"]}]);
    for (name, value) in [
        ("name", json!("Level")),
        ("description", json!("What it is")),
        ("required", json!(true)),
        ("visibleToCustomer", json!(false)),
        ("validations", rules),
        ("position", json!(-3)),
        ("createdAt", json!(NOW)),
        ("updatedAt", json!("2026-01-02T03:04:06.678Z")),
    ] {
        assert_eq!(changed[name], value, "{name}");
    }
    let cleared = app.admin().patch(&url, &json!({"description": null, "required": null, "visibleToCustomer": null, "validations": null, "position": null})).await.data();
    assert_eq!(
        (
            &cleared["description"],
            &cleared["required"],
            &cleared["visibleToCustomer"],
            &cleared["validations"],
            &cleared["position"]
        ),
        (&Value::Null, &json!(false), &json!(true), &json!([]), &json!(0))
    );
    assert_eq!(app.admin().delete(&url).await.data()["key"], "loyalty");
    for response in [app.admin().delete(&url).await, app.admin().patch(&url, &json!({"name": "x"})).await] {
        response.assert_failure(404, "not_found");
    }
    for unknown in ["x", "%FF", "00000000-0000-0000-0000-000000000000"] {
        app.admin()
            .patch(&format!("{DEFINITIONS}/{unknown}"), &json!({}))
            .await
            .assert_failure(404, "not_found");
    }
}

#[apply(on_both_databases!)]
async fn the_identity_cannot_change(app: &TestApp) {
    let url = define(app, "loyalty", "integer", json!({})).await;
    for (field, value, name) in [
        ("ownerType", json!("product"), "ownerType"),
        ("namespace", json!("other"), "namespace"),
        ("fieldKey", json!("other"), "key"),
        ("fieldKey", json!(5), "key"),
        ("fieldType", json!("number"), "type"),
        ("isList", json!(true), "isList"),
    ] {
        let response = app.admin().patch(&url, &json!({field: value, "name": "Other"})).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(
            response.details(),
            [(field, format!("\"{name}\" cannot be changed after creation").as_str())]
        );
    }
    assert_eq!(stored(app).await[0].name, "loyalty");
}

#[apply(on_both_databases!)]
async fn names_are_unique_and_definitions_limited_to_100(app: &TestApp) {
    define(app, "loyalty", "integer", json!({})).await;
    let response = app.admin().post(DEFINITIONS, &definition("loyalty", "short_text", json!({}))).await;
    response.assert_failure(409, "conflict");
    assert_eq!(
        response.message(),
        "A metafield definition \"custom.loyalty\" already exists for \"customer\""
    );
    define(app, "loyalty", "integer", json!({"namespace": "other"})).await;
    for number in 2..95 {
        define(app, &format!("k{number}"), "integer", json!({})).await;
    }
    let admin = app.admin();
    let create = async |number: usize| {
        admin.post(DEFINITIONS, &definition(&format!("more{number}"), "integer", json!({}))).await
    };
    let responses = futures_util::future::join_all((0..20).map(create)).await;
    responses
        .iter()
        .filter(|response| response.status != 201)
        .for_each(|response| response.assert_failure(409, "conflict"));
    assert_eq!(stored(app).await.len(), 100);
}

/// The hundredth definition is not committed yet: the creation of another waits for it.
#[apply(on_both_databases!)]
async fn concurrent_creations_respect_the_limit(app: &TestApp) {
    for number in 1..=99 {
        define(app, &format!("k{number}"), "integer", json!({})).await;
    }
    let transaction = app.app.db.begin().await.unwrap();
    let oldest = select().lock_exclusive().one(&transaction).await.unwrap().unwrap();
    let row = metafield_definition::ActiveModel {
        metafield_definition_id: NotSet,
        uuid: Set(app.app.random.uuid()),
        field_key: Set("k100".to_owned()),
        ..oldest.into_active_model().reset_all()
    };
    row.insert(&transaction).await.unwrap();
    let commit = async || {
        tokio::time::sleep(Duration::from_millis(300)).await;
        transaction.commit().await.unwrap();
    };
    let admin = app.admin();
    let body = definition("k101", "integer", json!({}));
    let (response, ()) = futures_util::future::join(admin.post(DEFINITIONS, &body), commit()).await;
    response.assert_failure(409, "conflict");
    assert_eq!(response.message(), "There are at most 100 metafield definitions for \"customer\"");
}

#[apply(on_both_databases!)]
async fn concurrent_definitions_of_one_name_are_created_once(app: &TestApp) {
    let admin = app.admin();
    let create = async |_| admin.post(DEFINITIONS, &definition("loyalty", "integer", json!({}))).await;
    let responses = futures_util::future::join_all((0..20).map(create)).await;
    assert_eq!(responses.iter().filter(|response| response.status == 201).count(), 1);
    for response in responses.iter().filter(|response| response.status != 201) {
        response.assert_failure(409, "conflict");
        assert_eq!(
            response.message(),
            "A metafield definition \"custom.loyalty\" already exists for \"customer\""
        );
    }
}

#[apply(on_both_databases!)]
async fn only_admins_manage_definitions(app: &TestApp) {
    let url = define(app, "loyalty", "integer", json!({})).await;
    let customer = app.customer("a@x.io").await;
    for response in [
        customer.post(DEFINITIONS, &json!({})).await,
        customer.patch(&url, &json!({})).await,
        customer.delete(&url).await,
    ] {
        response.assert_failure(403, "forbidden");
    }
    for response in [
        app.anonymous().post(DEFINITIONS, &json!({})).await,
        app.anonymous().patch(&url, &json!({})).await,
        app.anonymous().delete(&url).await,
    ] {
        response.assert_failure(401, "unauthenticated");
    }
    assert_eq!(stored(app).await.len(), 1);
}

#[apply(on_both_databases!)]
async fn definitions_are_read_over_graphql(app: &TestApp) {
    let query = "query ($o: String!) { metafieldDefinitions(ownerType: $o) { ownerType namespace key name description type isList required visibleToCustomer validations subFields position createdAt updatedAt } }";
    define(app, "last", "long_text", json!({"position": 1})).await;
    define(app, "first", "group", json!({"isList": true, "required": true, "visibleToCustomer": false, "description": "x", "subFields": [{"key": "a", "type": "url"}]})).await;
    let second = define(app, "second", "color", json!({})).await;
    let deleted = define(app, "gone", "date", json!({})).await;
    app.admin().delete(&deleted).await.data();
    let response = app.admin().query_with(query, json!({"o": "customer"})).await.data();
    let rows = response["metafieldDefinitions"].as_array().unwrap();
    let keys: Vec<_> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["first", "second", "last"]);
    let sub_field = json!({"key": "a", "name": "a", "type": "url", "isList": false, "required": false, "validations": [], "subFields": []});
    assert_eq!(
        rows[0],
        json!({"ownerType": "customer", "namespace": "custom", "key": "first", "name": "first", "description": "x", "type": "group", "isList": true,
        "required": true, "visibleToCustomer": false, "validations": [], "subFields": [sub_field], "position": 0, "createdAt": NOW, "updatedAt": NOW})
    );
    for unknown in ["product", "", "Customer", "a\0b"] {
        assert_eq!(
            app.admin().query_with(query, json!({"o": unknown})).await.data(),
            json!({"metafieldDefinitions": []})
        );
    }
    app.admin().delete(&second).await.data();
    assert_eq!(
        app.admin().query_with(query, json!({"o": "customer"})).await.data()["metafieldDefinitions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
