//! `POST`, `PATCH` and `DELETE` of customer groups.

use std::collections::HashSet;
use std::ops::Range;

use chrono::TimeDelta;
use patron::entity::{customer, customer_group, journal_entry};
use patron::types::{EmailAddress, EventKind};
use reqwest::Method;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Actor, CUSTOMER_PASSWORD, NOW, TestApp, apply, on_both_databases};

const URL: &str = "/api/customer-groups";

fn url(group: &Value) -> String {
    format!("{URL}/{}", group["uuid"].as_str().expect("a uuid"))
}

async fn add(app: &TestApp, name: &str) -> Value {
    let response = app.admin().post(URL, &json!({"group_name": name})).await;
    assert_eq!(response.status, 201, "{response:?}");
    response.data()
}

async fn stored(app: &TestApp) -> Vec<customer_group::Model> {
    let select = customer_group::Entity::find().order_by_asc(customer_group::Column::CustomerGroupId);
    select.all(app.app.db.writer()).await.unwrap()
}

/// The URL of the default group.
async fn default_url(app: &TestApp) -> String {
    format!("{URL}/{}", stored(app).await[0].uuid)
}

/// Inserts customers `c0@x.io`, `c1@x.io`, … into a group directly into the database. The first customer is the
/// template.
async fn insert_members(app: &TestApp, group: &Value, numbers: Range<usize>) {
    let template = app.customers().await.remove(0);
    let group_id = i32::try_from(group["customer_group_id"].as_i64().unwrap()).ok();
    let row = |number: usize| customer::ActiveModel {
        uuid: Set(app.app.random.uuid()),
        group_id: Set(group_id),
        email: Set(EmailAddress::parse(&format!("c{number}@x.io")).unwrap()),
        password: Set(template.password.clone()),
        full_name: Set("Jo".to_owned()),
        created_at: Set(app.now()),
        updated_at: Set(app.now()),
        ..Default::default()
    };
    for chunk in numbers.collect::<Vec<_>>().chunks(500) {
        let rows = customer::Entity::insert_many(chunk.iter().map(|number| row(*number)));
        rows.exec_without_returning(app.app.db.writer()).await.unwrap();
    }
}

/// This number of customers has one event about a group change each.
async fn assert_one_event_each(app: &TestApp, count: usize) {
    let moves =
        journal_entry::Entity::find().filter(journal_entry::Column::Kind.eq(EventKind::CustomerUpdated));
    let moves = moves.all(app.app.db.writer()).await.unwrap();
    let customers: HashSet<_> = moves.iter().map(|entry| entry.customer_uuid).collect();
    assert_eq!((moves.len(), customers.len()), (count, count));
    assert!(moves.iter().all(|entry| entry.sequence == Some(1) && entry.fields == json!(["group_id"])));
}

#[apply(on_both_databases!)]
async fn groups_are_created_renamed_and_deleted(app: &TestApp) {
    let response =
        app.admin().post(URL, &json!({"group_name": " VIP ", "customer_group_id": 9, "uuid": "x"})).await;
    assert_eq!(response.status, 201, "{response:?}");
    let row = response.data();
    let url = url(&row);
    assert_eq!(response.header("location"), Some(url.as_str()));
    let links = format!(
        r#""links":[{{"rel":"edit","href":"{url}","action":"PATCH","types":["application/json"]}},{{"rel":"delete","href":"{url}","action":"DELETE","types":["application/json"]}}]"#
    );
    assert_eq!(
        response.text,
        format!(
            r#"{{"data":{{"customer_group_id":2,"uuid":{},"group_name":" VIP ","created_at":"{NOW}","updated_at":"{NOW}",{links}}}}}"#,
            row["uuid"]
        )
    );
    app.app.clock.advance(TimeDelta::seconds(1));
    for unchanged in [json!({}), json!({"group_name": " VIP ", "created_at": "x"})] {
        assert_eq!(app.admin().patch(&url, &unchanged).await.data(), row, "nothing changes");
    }
    let changed = app
        .admin()
        .patch(
            &format!("{URL}/{}", row["uuid"].as_str().unwrap().replace('-', "")),
            &json!({"group_name": "Gold"}),
        )
        .await
        .data();
    assert_eq!(
        (&changed["group_name"], &changed["updated_at"]),
        (&json!("Gold"), &json!("2026-01-02T03:04:06.678Z"))
    );
    assert_eq!((&changed["created_at"], &changed["links"]), (&row["created_at"], &row["links"]));
    let deleted = app.admin().delete(&url).await.data();
    assert_eq!((&deleted["group_name"], &deleted["links"]), (&json!("Gold"), &Value::Null));
    for response in
        [app.admin().delete(&url).await, app.admin().patch(&url, &json!({"group_name": "x"})).await]
    {
        response.assert_failure(404, "not_found");
        assert_eq!(response.message(), "Group not found");
    }
    for unknown in ["x", "%FF", "%00", "00000000-0000-0000-0000-000000000000"] {
        app.admin().patch(&format!("{URL}/{unknown}"), &json!({})).await.assert_failure(404, "not_found");
        app.admin().delete(&format!("{URL}/{unknown}")).await.assert_failure(404, "not_found");
    }
    assert_eq!(stored(app).await.len(), 1);
}

#[apply(on_both_databases!)]
async fn invalid_names_are_refused(app: &TestApp) {
    let group = url(&add(app, "VIP").await);
    let before = stored(app).await;
    let response = app.admin().post(URL, &json!({})).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(response.details(), [("group_name", "Group name is required and cannot be empty")]);
    for (name, message) in [
        (json!(""), "Group name is required and cannot be empty"),
        (json!(" \t\u{200B} "), "Group name is required and cannot be empty"),
        (json!(5), "Group name must be a string"),
        (json!(null), "Group name must be a string"),
        (json!(["VIP"]), "Group name must be a string"),
        (json!("é".repeat(256)), "Group name must be at most 255 characters"),
        (json!("a\0b"), "Group name must not contain control characters"),
        (json!("a\nb"), "Group name must not contain control characters"),
    ] {
        for response in [
            app.admin().post(URL, &json!({"group_name": name})).await,
            app.admin().patch(&group, &json!({"group_name": name})).await,
        ] {
            response.assert_failure(400, "validation_failed");
            assert_eq!(response.details(), [("group_name", message)], "{name}");
        }
    }
    for name in ["VIP", "vip", "DEFAULT"] {
        let response = app.admin().post(URL, &json!({"group_name": name})).await;
        response.assert_failure(409, "conflict");
        assert_eq!(response.message(), "Group name is already used", "{name}");
    }
    app.admin().patch(&group, &json!({"group_name": "default"})).await.assert_failure(409, "conflict");
    assert_eq!(stored(app).await, before);
    // A group can change the case of its own name.
    assert_eq!(app.admin().patch(&group, &json!({"group_name": "vip"})).await.data()["group_name"], "vip");
    add(app, "Élite").await;
    for name in ["élite", "E\u{301}LITE"] {
        app.admin().post(URL, &json!({"group_name": name})).await.assert_failure(409, "conflict");
    }
    add(app, &"é".repeat(255)).await;
}

#[apply(on_both_databases!)]
async fn only_admins_manage_groups(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let group = url(&add(app, "VIP").await);
    for (responses, code) in [
        (
            [
                app.anonymous().post(URL, &json!({})).await,
                app.anonymous().patch(&group, &json!({})).await,
                app.anonymous().delete(&group).await,
            ],
            (401, "unauthenticated"),
        ),
        (
            [
                customer.post(URL, &json!({})).await,
                customer.patch(&group, &json!({})).await,
                customer.delete(&group).await,
            ],
            (403, "forbidden"),
        ),
    ] {
        responses.iter().for_each(|response| response.assert_failure(code.0, code.1));
    }
    assert_eq!(stored(app).await.len(), 2);
}

#[apply(on_both_databases!)]
async fn the_default_group_cannot_be_deleted(app: &TestApp) {
    let default = default_url(app).await;
    let response = app.admin().delete(&default).await;
    response.assert_failure(409, "conflict");
    assert_eq!(response.message(), "The default group can't be deleted");
    assert_eq!(
        app.admin().patch(&default, &json!({"group_name": "Everyone"})).await.data()["group_name"],
        "Everyone"
    );
    app.admin().delete(&default).await.assert_failure(409, "conflict");
    assert_eq!(stored(app).await.len(), 1);
}

/// The group has more members than one batch moves.
#[apply(on_both_databases!)]
async fn customers_fall_back_to_the_default_group(app: &TestApp) {
    let (vip, other) = (add(app, "VIP").await, add(app, "Other").await);
    let template = app.register("a@x.io").await;
    insert_members(app, &vip, 0..2500).await;
    insert_members(app, &other, 9999..10_000).await;
    app.admin().delete(&url(&vip)).await.data();
    let customers = app.customers().await;
    let (moved, others): (Vec<_>, Vec<_>) = customers.iter().partition(|customer| customer.version == 2);
    assert_eq!(moved.len(), 2500);
    assert!(
        moved
            .iter()
            .all(|customer| customer.group_id == Some(1) && customer.updated_at > customer.created_at)
    );
    let others: Vec<_> = others
        .iter()
        .map(|customer| (customer.customer_id, customer.group_id, customer.updated_at))
        .collect();
    let first = i32::try_from(template["customer_id"].as_i64().unwrap()).unwrap();
    assert_eq!(
        others,
        [(first, Some(1), app.now()), (first + 2501, Some(3), app.now())],
        "no other customer changes"
    );
    assert_eq!(stored(app).await.len(), 2);
    assert_one_event_each(app, 2500).await;
}

/// An interrupted deletion of a large group continues when the request is repeated, also with an idempotency key.
#[apply(on_both_databases!)]
async fn a_large_group_is_emptied_in_batches(app: &TestApp) {
    let vip = add(app, "VIP").await;
    app.register("a@x.io").await;
    insert_members(app, &vip, 0..2500).await;
    let admin = app.admin();
    let delete =
        async || admin.send(admin.request(Method::DELETE, &url(&vip)).header("idempotency-key", "k")).await;
    let db = app.app.db.writer();
    db.execute_unprepared(match app.app.db.backend() {
        DbBackend::Sqlite => {
            "CREATE TRIGGER stop BEFORE UPDATE ON customer WHEN NEW.email = 'c2400@x.io'
                BEGIN SELECT RAISE(ABORT, 'stop'); END"
        }
        _ => {
            "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stop'; END $$;
                CREATE TRIGGER stop BEFORE UPDATE ON customer FOR EACH ROW WHEN (NEW.email = 'c2400@x.io')
                EXECUTE FUNCTION stop()"
        }
    })
    .await
    .unwrap();
    delete().await.assert_failure(500, "internal");
    let in_default =
        async || app.customers().await.iter().filter(|customer| customer.group_id == Some(1)).count();
    assert_eq!(
        (in_default().await, stored(app).await.len()),
        (2001, 2),
        "each batch is committed separately"
    );
    assert_one_event_each(app, 2000).await;
    db.execute_unprepared(match app.app.db.backend() {
        DbBackend::Sqlite => "DROP TRIGGER stop",
        _ => "DROP FUNCTION stop CASCADE",
    })
    .await
    .unwrap();
    let deleted = delete().await;
    assert_eq!((deleted.status, in_default().await, stored(app).await.len()), (200, 2501, 1));
    assert_one_event_each(app, 2500).await;
    assert_eq!(delete().await.text, deleted.text, "the response is replayed");
}

/// An assignment to a group that is deleted at the same time is refused: no foreign key error occurs, and no customer
/// stays in a deleted group.
#[apply(on_both_databases!)]
async fn a_group_deleted_during_assignments_has_no_members(app: &TestApp) {
    let admin = app.admin();
    let row = app.register("moved@x.io").await;
    let moved = format!("/api/customers/{}", row["uuid"].as_str().unwrap());
    let mut refused = 0;
    for round in 0..10 {
        let group = add(app, &format!("Group {round}")).await;
        let (group_url, group_id) = (url(&group), &group["customer_group_id"]);
        let act = async |number: usize| match number {
            4 => admin.delete(&group_url).await,
            number if number % 2 == 0 => {
                let body = json!({"full_name": "Jo", "email": format!("c{round}.{number}@x.io"), "password": CUSTOMER_PASSWORD, "group_id": group_id});
                admin.post("/api/customers", &body).await
            }
            _ => admin.patch(&moved, &json!({"group_id": group_id})).await,
        };
        for response in futures_util::future::join_all((0..12).map(act)).await {
            if response.status == 400 {
                assert_eq!(response.details(), [("group_id", "Group does not exist")]);
                refused += 1;
            }
            assert!([200, 201, 400].contains(&response.status), "{response:?}");
        }
    }
    assert!(refused > 0, "no request came after a delete");
    assert!(app.customers().await.iter().all(|customer| customer.group_id == Some(1)));
    assert_eq!(stored(app).await.len(), 1);
}

#[apply(on_both_databases!)]
async fn admins_list_members_over_graphql(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.add_address(&customer.row, "US-CA", true).await;
    let (vip, empty) = (add(app, "VIP").await, add(app, "Empty").await);
    insert_members(app, &vip, 0..100).await;
    let query = "{ customerGroups(filters: [{key: \"limit\", operation: eq, value: \"3\"}]) { items {
            customerGroupId editUrl customers { email group { groupName } addresses { city } } } } }";
    let groups = app.admin().query(query).await.data()["customerGroups"]["items"].clone();
    assert_eq!(
        groups[0],
        json!({"customerGroupId": empty["customer_group_id"], "editUrl": "/admin/customer-groups/edit/3", "customers": []})
    );
    let members: Vec<String> = (0..100).rev().map(|number| format!("c{number}@x.io")).collect();
    let emails: Vec<&str> = groups[1]["customers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["email"].as_str().unwrap())
        .collect();
    assert_eq!(
        (&groups[1]["editUrl"], emails),
        (&json!("/admin/customer-groups/edit/2"), members.iter().map(String::as_str).collect())
    );
    let member = json!({"email": "a@x.io", "group": {"groupName": "Default"}, "addresses": [{"city": "San Francisco"}]});
    assert_eq!(groups[2]["customers"], json!([member]));
    // With one more member, the list of this group is an error, and the other groups are returned.
    insert_members(app, &vip, 100..101).await;
    let response = app.admin().query(query).await;
    let groups = &response.body["data"]["customerGroups"]["items"];
    assert_eq!((&groups[1]["customers"], &groups[2]["customers"]), (&Value::Null, &json!([member])));
    let errors = response.body["errors"].as_array().unwrap();
    assert_eq!(
        (errors.len(), response.graphql_code(), &errors[0]["path"]),
        (1, "CONFLICT", &json!(["customerGroups", "items", 1, "customers"]))
    );
    assert_eq!(errors[0]["message"], "The group has more than 100 customers; use customersConnection");
    let one = app.admin().query("{ customerGroup(id: 1) { customers { email } } customer(email: \"a@x.io\") { group { editUrl customers { email } } } }").await.data();
    let members = json!([{"email": "a@x.io"}]);
    assert_eq!(
        one,
        json!({"customerGroup": {"customers": members}, "customer": {"group": {"editUrl": "/admin/customer-groups/edit/1", "customers": members}}})
    );
    // A customer sees its group, but not the other members.
    for (field, group) in [
        ("editUrl", Value::Null),
        ("customers { email }", json!({"groupName": "Default", "customers": null})),
    ] {
        let response =
            customer.query(&format!("{{ currentCustomer {{ email group {{ groupName {field} }} }} }}")).await;
        assert_eq!(response.graphql_code(), "FORBIDDEN", "{field}");
        assert_eq!(
            response.body["data"]["currentCustomer"],
            json!({"email": "a@x.io", "group": group}),
            "{field}"
        );
    }
    let all = app.admin().query("{ customerGroups(filters: [{key: \"limit\", operation: eq, value: \"100\"}]) { items { customers { email } } } }").await;
    assert_eq!(all.graphql_code(), "QUERY_TOO_LARGE");
}

/// One request creates the group, the others receive 409.
#[apply(on_both_databases!)]
async fn concurrent_groups_of_one_name_are_created_once(app: &TestApp) {
    let admin = app.admin();
    let create =
        async |number: usize| admin.post(URL, &json!({"group_name": (["vip", "VIP"][number % 2])})).await;
    let responses = futures_util::future::join_all((0..50).map(create)).await;
    assert_eq!(responses.iter().filter(|response| response.status == 201).count(), 1);
    responses
        .iter()
        .filter(|response| response.status != 201)
        .for_each(|response| response.assert_failure(409, "conflict"));
}
