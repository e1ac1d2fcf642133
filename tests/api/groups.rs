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
    let answer = app.admin().post(URL, &json!({"group_name": name})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.data()
}

async fn stored(app: &TestApp) -> Vec<customer_group::Model> {
    let select = customer_group::Entity::find().order_by_asc(customer_group::Column::CustomerGroupId);
    select.all(app.app.db.migration_connection()).await.unwrap()
}

/// The URL of the group that is there from the start.
async fn default_url(app: &TestApp) -> String {
    format!("{URL}/{}", stored(app).await[0].uuid)
}

/// Puts customers `c0@x.io` and on into a group, as somebody's script inserts them; one is there to go by.
async fn fill(app: &TestApp, group: &Value, numbers: Range<usize>) {
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
        rows.exec_without_returning(app.app.db.migration_connection()).await.unwrap();
    }
}

/// So many customers have one event of another group each, and nobody has two.
async fn assert_told_once(app: &TestApp, count: usize) {
    let moves =
        journal_entry::Entity::find().filter(journal_entry::Column::Kind.eq(EventKind::CustomerUpdated));
    let moves = moves.all(app.app.db.migration_connection()).await.unwrap();
    let customers: HashSet<_> = moves.iter().map(|entry| entry.customer_uuid).collect();
    assert_eq!((moves.len(), customers.len()), (count, count));
    assert!(moves.iter().all(|entry| entry.sequence == Some(1) && entry.fields == json!(["group_id"])));
}

#[apply(on_both_databases!)]
async fn made_renamed_and_deleted(app: &TestApp) {
    let answer =
        app.admin().post(URL, &json!({"group_name": " VIP ", "customer_group_id": 9, "uuid": "x"})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let row = answer.data();
    let url = url(&row);
    assert_eq!(answer.header("location"), Some(url.as_str()));
    let links = format!(
        r#""links":[{{"rel":"edit","href":"{url}","action":"PATCH","types":["application/json"]}},{{"rel":"delete","href":"{url}","action":"DELETE","types":["application/json"]}}]"#
    );
    assert_eq!(
        answer.text,
        format!(
            r#"{{"data":{{"customer_group_id":2,"uuid":{},"group_name":" VIP ","created_at":"{NOW}","updated_at":"{NOW}",{links}}}}}"#,
            row["uuid"]
        )
    );
    app.app.clock.advance(TimeDelta::seconds(1));
    for nothing in [json!({}), json!({"group_name": " VIP ", "created_at": "x"})] {
        assert_eq!(app.admin().patch(&url, &nothing).await.data(), row, "nothing changes");
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
    for answer in [app.admin().delete(&url).await, app.admin().patch(&url, &json!({"group_name": "x"})).await]
    {
        answer.assert_failure(404, "not_found");
        assert_eq!(answer.message(), "Group not found");
    }
    for nothing in ["x", "%FF", "%00", "00000000-0000-0000-0000-000000000000"] {
        app.admin().patch(&format!("{URL}/{nothing}"), &json!({})).await.assert_failure(404, "not_found");
        app.admin().delete(&format!("{URL}/{nothing}")).await.assert_failure(404, "not_found");
    }
    assert_eq!(stored(app).await.len(), 1);
}

#[apply(on_both_databases!)]
async fn what_is_wrong_with_a_name(app: &TestApp) {
    let group = url(&add(app, "VIP").await);
    let before = stored(app).await;
    let answer = app.admin().post(URL, &json!({})).await;
    answer.assert_failure(400, "validation_failed");
    assert_eq!(answer.details(), [("group_name", "Group name is required and cannot be empty")]);
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
        for answer in [
            app.admin().post(URL, &json!({"group_name": name})).await,
            app.admin().patch(&group, &json!({"group_name": name})).await,
        ] {
            answer.assert_failure(400, "validation_failed");
            assert_eq!(answer.details(), [("group_name", message)], "{name}");
        }
    }
    for name in ["VIP", "vip", "DEFAULT"] {
        let answer = app.admin().post(URL, &json!({"group_name": name})).await;
        answer.assert_failure(409, "conflict");
        assert_eq!(answer.message(), "Group name is already used", "{name}");
    }
    app.admin().patch(&group, &json!({"group_name": "default"})).await.assert_failure(409, "conflict");
    assert_eq!(stored(app).await, before);
    // Its own name in another case is another name, and free.
    assert_eq!(app.admin().patch(&group, &json!({"group_name": "vip"})).await.data()["group_name"], "vip");
    add(app, "Élite").await;
    for name in ["élite", "E\u{301}LITE"] {
        app.admin().post(URL, &json!({"group_name": name})).await.assert_failure(409, "conflict");
    }
    add(app, &"é".repeat(255)).await;
}

#[apply(on_both_databases!)]
async fn only_admins(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let group = url(&add(app, "VIP").await);
    for (answers, code) in [
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
        answers.iter().for_each(|answer| answer.assert_failure(code.0, code.1));
    }
    assert_eq!(stored(app).await.len(), 2);
}

#[apply(on_both_databases!)]
async fn the_default_group_stays(app: &TestApp) {
    let default = default_url(app).await;
    let answer = app.admin().delete(&default).await;
    answer.assert_failure(409, "conflict");
    assert_eq!(answer.message(), "The default group can't be deleted");
    assert_eq!(
        app.admin().patch(&default, &json!({"group_name": "Everyone"})).await.data()["group_name"],
        "Everyone"
    );
    app.admin().delete(&default).await.assert_failure(409, "conflict");
    assert_eq!(stored(app).await.len(), 1);
}

/// More members than are moved at once.
#[apply(on_both_databases!)]
async fn customers_fall_back_to_the_default_group(app: &TestApp) {
    let (vip, other) = (add(app, "VIP").await, add(app, "Other").await);
    let template = app.register("a@x.io").await;
    fill(app, &vip, 0..2500).await;
    fill(app, &other, 9999..10_000).await;
    app.admin().delete(&url(&vip)).await.data();
    let customers = app.customers().await;
    let (moved, rest): (Vec<_>, Vec<_>) = customers.iter().partition(|customer| customer.version == 2);
    assert_eq!(moved.len(), 2500);
    assert!(
        moved
            .iter()
            .all(|customer| customer.group_id == Some(1) && customer.updated_at > customer.created_at)
    );
    let rest: Vec<_> =
        rest.iter().map(|customer| (customer.customer_id, customer.group_id, customer.updated_at)).collect();
    let first = i32::try_from(template["customer_id"].as_i64().unwrap()).unwrap();
    assert_eq!(
        rest,
        [(first, Some(1), app.now()), (first + 2501, Some(3), app.now())],
        "nobody else changes"
    );
    assert_eq!(stored(app).await.len(), 2);
    assert_told_once(app, 2500).await;
}

/// Who deletes a large group and is cut off goes on by asking again; with a key as well.
#[apply(on_both_databases!)]
async fn a_large_group_is_emptied_in_parts(app: &TestApp) {
    let vip = add(app, "VIP").await;
    app.register("a@x.io").await;
    fill(app, &vip, 0..2500).await;
    let admin = app.admin();
    let delete =
        async || admin.send(admin.request(Method::DELETE, &url(&vip)).header("idempotency-key", "k")).await;
    let db = app.app.db.migration_connection();
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
    assert_eq!((in_default().await, stored(app).await.len()), (2001, 2), "each batch by itself");
    assert_told_once(app, 2000).await;
    db.execute_unprepared(match app.app.db.backend() {
        DbBackend::Sqlite => "DROP TRIGGER stop",
        _ => "DROP FUNCTION stop CASCADE",
    })
    .await
    .unwrap();
    let deleted = delete().await;
    assert_eq!((deleted.status, in_default().await, stored(app).await.len()), (200, 2501, 1));
    assert_told_once(app, 2500).await;
    assert_eq!(delete().await.text, deleted.text, "the first answer is given again");
}

/// Whoever puts a customer into a group that is deleted meanwhile is told so: no foreign key breaks, and nobody
/// is left in a group that is gone.
#[apply(on_both_databases!)]
async fn deleted_while_customers_are_put_into_it(app: &TestApp) {
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
        for answer in futures_util::future::join_all((0..12).map(act)).await {
            if answer.status == 400 {
                assert_eq!(answer.details(), [("group_id", "Group does not exist")]);
                refused += 1;
            }
            assert!([200, 201, 400].contains(&answer.status), "{answer:?}");
        }
    }
    assert!(refused > 0, "no request came after a delete");
    assert!(app.customers().await.iter().all(|customer| customer.group_id == Some(1)));
    assert_eq!(stored(app).await.len(), 1);
}

#[apply(on_both_databases!)]
async fn over_graphql_admins_see_who_is_in_them(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    app.add_address(&customer.row, "US-CA", true).await;
    let (vip, empty) = (add(app, "VIP").await, add(app, "Empty").await);
    fill(app, &vip, 0..100).await;
    let query = "{ customerGroups(filters: [{key: \"limit\", operation: eq, value: \"3\"}]) { items {
            customerGroupId editUrl customers { email group { groupName } addresses { city } } } } }";
    let groups = app.admin().query(query).await.data()["customerGroups"]["items"].clone();
    assert_eq!(
        groups[0],
        json!({"customerGroupId": empty["customer_group_id"], "editUrl": "/admin/customer-groups/edit/3", "customers": []})
    );
    let members: Vec<String> = (0..100).rev().map(|number| format!("c{number}@x.io")).collect();
    let found: Vec<&str> = groups[1]["customers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["email"].as_str().unwrap())
        .collect();
    assert_eq!(
        (&groups[1]["editUrl"], found),
        (&json!("/admin/customer-groups/edit/2"), members.iter().map(String::as_str).collect())
    );
    let member = json!({"email": "a@x.io", "group": {"groupName": "Default"}, "addresses": [{"city": "San Francisco"}]});
    assert_eq!(groups[2]["customers"], json!([member]));
    // One more is too many for a list, and the others are answered all the same.
    fill(app, &vip, 100..101).await;
    let answer = app.admin().query(query).await;
    let groups = &answer.body["data"]["customerGroups"]["items"];
    assert_eq!((&groups[1]["customers"], &groups[2]["customers"]), (&Value::Null, &json!([member])));
    let errors = answer.body["errors"].as_array().unwrap();
    assert_eq!(
        (errors.len(), answer.graphql_code(), &errors[0]["path"]),
        (1, "CONFLICT", &json!(["customerGroups", "items", 1, "customers"]))
    );
    assert_eq!(errors[0]["message"], "The group has more than 100 customers; use customersConnection");
    let one = app.admin().query("{ customerGroup(id: 1) { customers { email } } customer(email: \"a@x.io\") { group { editUrl customers { email } } } }").await.data();
    let members = json!([{"email": "a@x.io"}]);
    assert_eq!(
        one,
        json!({"customerGroup": {"customers": members}, "customer": {"group": {"editUrl": "/admin/customer-groups/edit/1", "customers": members}}})
    );
    // A customer sees its group, not who else is in it.
    for (field, group) in [
        ("editUrl", Value::Null),
        ("customers { email }", json!({"groupName": "Default", "customers": null})),
    ] {
        let answer =
            customer.query(&format!("{{ currentCustomer {{ email group {{ groupName {field} }} }} }}")).await;
        assert_eq!(answer.graphql_code(), "FORBIDDEN", "{field}");
        assert_eq!(
            answer.body["data"]["currentCustomer"],
            json!({"email": "a@x.io", "group": group}),
            "{field}"
        );
    }
    let all = app.admin().query("{ customerGroups(filters: [{key: \"limit\", operation: eq, value: \"100\"}]) { items { customers { email } } } }").await;
    assert_eq!(all.graphql_code(), "QUERY_TOO_LARGE");
}

/// One gets the name, the others are told.
#[apply(on_both_databases!)]
async fn fifty_groups_of_one_name(app: &TestApp) {
    let admin = app.admin();
    let make =
        async |number: usize| admin.post(URL, &json!({"group_name": (["vip", "VIP"][number % 2])})).await;
    let answers = futures_util::future::join_all((0..50).map(make)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    answers
        .iter()
        .filter(|answer| answer.status != 201)
        .for_each(|answer| answer.assert_failure(409, "conflict"));
}
