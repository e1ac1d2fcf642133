//! Keys of e-mail addresses and of groups.

use chrono::TimeDelta;
use patron::app::ctx::AdminCtx;
use patron::entity::admin_user;
use patron::service::derived::retry_missing;
use sea_orm::EntityTrait;
use serde_json::json;

use super::{
    LIST, assert_login, assert_no_login, assert_walks_visit, change, column, connection, email_key, execute,
    fill_all_in, insert, list, log_in, log_in_as_admin, quoted, search,
};
use crate::support::{ADMIN_EMAIL, Actor, CUSTOMER_PASSWORD, apply, on_both_databases};

#[apply(on_both_databases!)]
async fn a_row_of_another_program_is_listed_and_logs_in_once_filled_in(app: &TestApp) {
    app.register("a@x.io").await;
    app.register("z@x.io").await;
    insert(app, &["New@Bücher.example"]).await;
    let all = ["New@Bücher.example", "a@x.io", "z@x.io"];
    assert_eq!((email_key(app, "New@Bücher.example").await, search(app, "bucher").await), (None, vec![]));
    assert_eq!(list(app, json!([])).await, all);
    for key in ["email", "name", "status", "created_at"] {
        assert_eq!(list(app, json!([{"key": "ob", "operation": "eq", "value": key}])).await, all, "{key}");
    }
    assert_walks_visit(app, &all).await;
    assert_no_login(app, "new@bücher.example").await;

    fill_all_in(app).await;
    assert_eq!(email_key(app, "New@Bücher.example").await.as_deref(), Some("new@xn--bcher-kva.example"));
    assert_login(app, "New@Bücher.example").await;
    assert_eq!(log_in(app, "new@XN--BCHER-KVA.example").await.status, 200);
    for keyword in ["bucher", "bücher", "xn--bcher-kva", "new@", "zofie"] {
        assert_eq!(search(app, keyword).await, ["New@Bücher.example"], "{keyword}");
    }
    for value in ["new@bücher.example", "new@xn--bcher-kva.example"] {
        assert_eq!(
            list(app, json!([{"key": "email", "operation": "eq", "value": value}])).await,
            ["New@Bücher.example"]
        );
        assert_eq!(
            list(app, json!([{"key": "email", "operation": "like", "value": value}])).await,
            ["New@Bücher.example"]
        );
        assert_eq!(connection(app, json!({"email": {"contains": value}})).await, ["New@Bücher.example"]);
    }
    assert_walks_visit(app, &all).await;
    let body =
        json!({"full_name": "Other", "email": "new@xn--bcher-kva.example", "password": CUSTOMER_PASSWORD});
    app.anonymous().post("/api/customers", &body).await.assert_failure(409, "email_taken");
    // Its other columns are unchanged.
    let row =
        app.customers().await.into_iter().find(|row| row.email.as_str() == "New@Bücher.example").unwrap();
    assert_eq!((row.version, row.full_name.as_str(), row.token_generation), (1, "Žofie Nová", 0));
}

/// More rows can't be filled in than fit into one batch of the job, and they come first.
#[apply(on_both_databases!)]
async fn rows_without_a_valid_address_do_not_block_others(app: &TestApp) {
    app.register("a@x.io").await;
    let broken: Vec<String> = (0..450).map(|number| format!("no-at-sign-{number:03}")).collect();
    insert(app, &broken.iter().map(String::as_str).collect::<Vec<_>>()).await;
    insert(app, &["later@x.io"]).await;
    fill_all_in(app).await;
    let keys = column(app, "customer", "email", "email_key").await;
    assert!(broken.iter().all(|email| keys[email].is_none()), "{keys:?}");
    assert_eq!(keys["later@x.io"].as_deref(), Some("later@x.io"));
    assert_login(app, "later@x.io").await;
    assert_no_login(app, "no-at-sign-000").await;
    let response = app.log_in_admin().await.query_with(LIST, json!({"f": []})).await;
    assert_eq!(response.data()["customers"]["total"], 452);
    assert_eq!(response.data()["customers"]["items"][0]["email"], "later@x.io");
    assert_eq!(response.data()["customers"]["items"][1]["email"], "no-at-sign-449");
}

#[apply(on_both_databases!)]
async fn a_row_whose_address_is_taken_stays_without_a_key(app: &TestApp) {
    app.register("a@x.io").await;
    insert(app, &["A@X.io", "no-at-sign"]).await;
    insert(app, &["later@x.io"]).await;
    let all = ["A@X.io", "a@x.io", "later@x.io", "no-at-sign"];
    fill_all_in(app).await;
    let keys: Vec<Option<String>> =
        column(app, "customer", "email", "email_key").await.into_values().collect();
    assert_eq!(keys, [None, Some("a@x.io".to_owned()), Some("later@x.io".to_owned()), None]);
    assert_eq!(list(app, json!([])).await, all);
    assert_walks_visit(app, &all).await;
    // The registered customer keeps the address in every spelling.
    let pair = log_in(app, "A@X.io").await.data();
    let request = app
        .anonymous()
        .request(reqwest::Method::POST, "/api/graphql")
        .bearer_auth(pair["accessToken"].as_str().unwrap());
    let response =
        app.anonymous().send(request.json(&json!({"query": "{ currentCustomer { email } }"}))).await;
    assert_eq!(response.data()["currentCustomer"]["email"], "a@x.io");
    assert_login(app, "later@x.io").await;
    assert_no_login(app, "no-at-sign").await;
    // An admin gives the row another address: the row gets a key, and the customer can log in.
    let changed = change(app, "A@X.io", &json!({"email": "free@x.io"})).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_login(app, "free@x.io").await;
    assert_login(app, "a@x.io").await;
}

/// One of the two rows gets the key, and the job continues.
#[apply(on_both_databases!)]
async fn one_of_two_rows_with_the_same_address_gets_the_key(app: &TestApp) {
    app.register("a@x.io").await;
    insert(app, &["twin@bücher.example", "Twin@xn--bcher-kva.example", "later@x.io"]).await;
    fill_all_in(app).await;
    let keys = column(app, "customer", "email", "email_key").await;
    let twins = [&keys["twin@bücher.example"], &keys["Twin@xn--bcher-kva.example"]];
    assert_eq!(
        twins.iter().filter(|key| key.as_deref() == Some("twin@xn--bcher-kva.example")).count(),
        1,
        "{twins:?}"
    );
    assert_eq!(twins.iter().filter(|key| key.is_none()).count(), 1, "{twins:?}");
    assert_eq!(log_in(app, "twin@bücher.example").await.status, 200);
    assert_login(app, "later@x.io").await;
    assert_eq!(list(app, json!([])).await.len(), 4);
}

/// A row without a key does not reserve its address.
#[apply(on_both_databases!)]
async fn a_registration_before_the_job_keeps_the_address(app: &TestApp) {
    app.register("a@x.io").await;
    insert(app, &["B@x.io"]).await;
    app.register("b@x.io").await;
    fill_all_in(app).await;
    assert_eq!(
        (email_key(app, "B@x.io").await, email_key(app, "b@x.io").await.as_deref()),
        (None, Some("b@x.io"))
    );
    assert_login(app, "b@x.io").await;
}

/// The owner is deleted or gets another address. Keys that can't be computed are retried periodically.
#[apply(on_both_databases!)]
async fn a_released_address_goes_to_the_waiting_row(app: &TestApp) {
    let system = AdminCtx::system(app.app.clone());
    app.register("z@x.io").await;
    let rows = [app.register("a@x.io").await, app.register("b@x.io").await];
    insert(app, &["A@X.io", "B@X.io", "no-at-sign"]).await;
    fill_all_in(app).await;
    retry_missing(&system).await.unwrap();
    assert_eq!((email_key(app, "A@X.io").await, email_key(app, "B@X.io").await), (None, None));
    app.admin().delete(&format!("/api/customers/{}", rows[0]["uuid"].as_str().unwrap())).await.data();
    assert_eq!(change(app, "b@x.io", &json!({"email": "c@x.io"})).await.status, 200);
    assert_eq!(log_in(app, "a@x.io").await.status, 401);
    app.app.clock.advance(TimeDelta::seconds(1));
    retry_missing(&system).await.unwrap();
    for email in ["A@X.io", "B@X.io", "c@x.io"] {
        assert_login(app, email).await;
    }
    assert_eq!(email_key(app, "no-at-sign").await, None);
}

#[apply(on_both_databases!)]
async fn an_address_changed_by_another_program_is_recomputed(app: &TestApp) {
    app.register("old@bücher.example").await;
    app.register("z@x.io").await;
    execute(app, "UPDATE customer SET email = 'New@Faß.example', email_key = NULL, search_text = '' WHERE email = 'old@bücher.example'").await;
    for email in ["old@bücher.example", "new@faß.example"] {
        assert_no_login(app, email).await;
    }
    fill_all_in(app).await;
    assert_login(app, "New@Faß.example").await;
    assert_no_login(app, "old@bücher.example").await;
    for (text, expected) in [
        ("new@faß.example", vec!["New@Faß.example"]),
        ("xn--fa-hia", vec!["New@Faß.example"]),
        ("old@", vec![]),
        ("bücher", vec![]),
        ("xn--bcher-kva", vec![]),
    ] {
        assert_eq!(search(app, text).await, expected, "{text}");
        assert_eq!(
            list(app, json!([{"key": "email", "operation": "like", "value": text}])).await,
            expected,
            "like {text}"
        );
        assert_eq!(connection(app, json!({"email": {"contains": text}})).await, expected, "contains {text}");
    }
    app.register("old@xn--bcher-kva.example").await;
    // Nothing of the earlier, valid address is left.
    execute(app, "UPDATE customer SET email = 'no-at-sign', email_key = NULL, search_text = '' WHERE email = 'New@Faß.example'").await;
    fill_all_in(app).await;
    assert_eq!(
        list(app, json!([{"key": "email", "operation": "like", "value": "faß"}])).await,
        Vec::<String>::new()
    );
}

#[apply(on_both_databases!)]
async fn admins_of_another_program_log_in_once_filled_in(app: &TestApp) {
    let template = admin_user::Entity::find().one(app.app.db.writer()).await.unwrap().unwrap();
    let hash = quoted(template.password.expose());
    for email in ["Boss@Bücher.example", "ADMIN@LOCALHOST", "no-at-sign"] {
        let values = format!("{}, {hash}, 'Boss', TRUE", quoted(email));
        execute(
            app,
            &format!("INSERT INTO admin_user (email, password, full_name, status) VALUES ({values})"),
        )
        .await;
    }
    let refused = log_in_as_admin(app, "boss@bücher.example").await;
    refused.assert_failure(401, "unauthenticated");
    app.app.clock.advance(TimeDelta::seconds(1));
    fill_all_in(app).await;
    for email in ["boss@bücher.example", "Boss@xn--bcher-kva.example", ADMIN_EMAIL] {
        let response = log_in_as_admin(app, email).await;
        assert_eq!(response.status, 200, "{email}: {response:?}");
    }
    log_in_as_admin(app, "no-at-sign").await.assert_failure(401, "unauthenticated");
    let keys: Vec<Option<String>> =
        column(app, "admin_user", "email", "email_key").await.into_values().collect();
    // ADMIN@LOCALHOST, Admin@localhost, Boss@Bücher.example, no-at-sign
    assert_eq!(
        keys,
        [None, Some("admin@localhost".to_owned()), Some("boss@xn--bcher-kva.example".to_owned()), None]
    );
}

#[apply(on_both_databases!)]
async fn groups_of_another_program_get_a_key(app: &TestApp) {
    for name in ["E\u{301}LITE", "DEFAULT"] {
        execute(app, &format!("INSERT INTO customer_group (group_name) VALUES ({})", quoted(name))).await;
    }
    let query = "{ customerGroups { items { groupName } } }";
    let names = json!([{"groupName": "DEFAULT"}, {"groupName": "E\u{301}LITE"}, {"groupName": "Default"}]);
    assert_eq!(app.admin().query(query).await.data()["customerGroups"]["items"], names);
    fill_all_in(app).await;
    assert_eq!(app.admin().query(query).await.data()["customerGroups"]["items"], names);
    let keys: Vec<Option<String>> =
        column(app, "customer_group", "group_name", "name_key").await.into_values().collect();
    // DEFAULT, Default, É in two code points
    assert_eq!(keys, [None, Some("default".to_owned()), Some("élite".to_owned())]);
    for name in ["élite", "Élite", "e\u{301}lite", "default"] {
        let response = app.admin().post("/api/customer-groups", &json!({"group_name": name})).await;
        response.assert_failure(409, "conflict");
        assert_eq!(response.message(), "Group name is already used", "{name}");
    }
}
