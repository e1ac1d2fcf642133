//! Rows that another program inserted or changed with plain SQL. A job fills in the columns that patron computes. Rows
//! are listed before that, and also if the columns can't be computed.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use patron::app::ctx::AdminCtx;
use patron::entity::admin_user;
use patron::service::derived::{compute_missing, retry_missing};
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use serde_json::{Value, json};

use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, CUSTOMER_PASSWORD, TestApp, TestResponse, apply, on_both_databases,
};

/// The fields that customers can be sorted by.
const SORT_FIELDS: [&str; 8] = [
    "CUSTOMER_ID",
    "EMAIL",
    "FULL_NAME",
    "STATUS",
    "GROUP_ID",
    "EMAIL_VERIFIED_AT",
    "CREATED_AT",
    "UPDATED_AT",
];
const LIST: &str = "query ($f: [FilterInput]) { customers(filters: $f) { total items { email status } } }";
const CONNECTION: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $filter: CustomerFilter, $sort: [CustomerSort!]) {
    customersConnection(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort) {
        totalCount nodes { email status } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn execute(app: &TestApp, sql: &str) {
    app.app.db.writer().execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A text as an SQL literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The first customer's hash of [`CUSTOMER_PASSWORD`].
async fn hash(app: &TestApp) -> String {
    app.customers().await[0].password.expose().to_owned()
}

/// Inserts customers as EverShop does, with the password of the first one.
async fn insert(app: &TestApp, emails: &[&str]) {
    let hash = quoted(&hash(app).await);
    let row = |email: &&str| format!("({}, {hash}, 'Žofie Nová')", quoted(email));
    let rows: Vec<String> = emails.iter().map(row).collect();
    let sql = format!("INSERT INTO customer (email, password, full_name) VALUES {}", rows.join(", "));
    execute(app, &sql).await;
}

/// Inserts a customer with this status.
async fn insert_with_status(app: &TestApp, email: &str, status: i16) {
    let (email, hash) = (quoted(email), quoted(&hash(app).await));
    let columns = "email, password, full_name, status";
    execute(app, &format!("INSERT INTO customer ({columns}) VALUES ({email}, {hash}, 'Odd', {status})"))
        .await;
}

/// Runs the job until no row is left, and checks that it ends.
async fn fill_all_in(app: &TestApp) {
    let ctx = AdminCtx::system(app.app.clone());
    let mut batches = 0;
    while compute_missing(&ctx).await.unwrap() {
        batches += 1;
        assert!(batches < 100, "the job ends");
    }
    assert!(!compute_missing(&ctx).await.unwrap(), "nothing more is left");
}

/// The values of a column by the value of a key column.
async fn column(app: &TestApp, table: &str, key: &str, name: &str) -> BTreeMap<String, Option<String>> {
    let (db, backend) = (app.app.db.writer(), app.app.db.backend());
    let sql = format!("SELECT {key}, {name} FROM {table}");
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    rows.iter().map(|row| (row.try_get("", key).unwrap(), row.try_get("", name).unwrap())).collect()
}

/// The key of a customer's e-mail address.
async fn email_key(app: &TestApp, email: &str) -> Option<String> {
    column(app, "customer", "email", "email_key").await[email].clone()
}

async fn log_in(app: &TestApp, email: &str) -> TestResponse {
    app.anonymous()
        .post("/api/customer/tokens", &json!({"email": email, "password": CUSTOMER_PASSWORD}))
        .await
}

async fn log_in_as_admin(app: &TestApp, email: &str) -> TestResponse {
    app.anonymous().post("/api/user/tokens", &json!({"email": email, "password": ADMIN_PASSWORD})).await
}

/// The login fails as with a wrong password. Then the clock advances, so that the account can be tried again.
async fn assert_no_login(app: &TestApp, email: &str) {
    let response = log_in(app, email).await;
    assert_eq!(response.status, 401, "{email}: {response:?}");
    response.assert_failure(401, "unauthenticated");
    assert_eq!(response.message(), "Invalid email or password");
    app.app.clock.advance(TimeDelta::minutes(15));
}

async fn assert_login(app: &TestApp, email: &str) {
    let response = log_in(app, email).await;
    assert_eq!(response.status, 200, "{email}: {response:?}");
    let token = response.data()["accessToken"].as_str().expect("an access token").to_owned();
    let request = app.anonymous().request(reqwest::Method::POST, "/api/graphql").bearer_auth(token);
    let query = json!({"query": "{ currentCustomer { email } }"});
    let response = app.anonymous().send(request.json(&query)).await;
    assert_eq!(response.data()["currentCustomer"]["email"], email);
}

/// The e-mail addresses of rows, sorted.
fn emails(rows: &Value) -> Vec<String> {
    let email = |row: &Value| row["email"].as_str().expect("an address").to_owned();
    let mut emails: Vec<String> = rows.as_array().expect("rows").iter().map(email).collect();
    emails.sort();
    emails
}

/// The e-mail addresses that `customers` returns for these filters, sorted. Its total has to match.
async fn list(app: &TestApp, filters: Value) -> Vec<String> {
    let response = app.log_in_admin().await.query_with(LIST, json!({"f": filters})).await;
    let list = response.data()["customers"].clone();
    let emails = emails(&list["items"]);
    assert_eq!(list["total"], emails.len());
    emails
}

/// The e-mail addresses that `customersConnection` returns for this filter, sorted. Its total has to match.
async fn connection(app: &TestApp, filter: Value) -> Vec<String> {
    let response = app.log_in_admin().await.query_with(CONNECTION, json!({"filter": filter})).await;
    let connection = response.data()["customersConnection"].clone();
    let emails = emails(&connection["nodes"]);
    assert_eq!(connection["totalCount"], emails.len());
    emails
}

/// The e-mail addresses that a keyword finds; the list and the connection have to agree.
async fn search(app: &TestApp, keyword: &str) -> Vec<String> {
    let filter = json!([{"key": "keyword", "operation": "eq", "value": keyword}]);
    let emails = list(app, filter).await;
    assert_eq!(connection(app, json!({"keyword": keyword})).await, emails, "{keyword}");
    emails
}

/// All e-mail addresses in this order, one row per page. Walking forward and backward returns the same rows.
async fn walk(app: &TestApp, sort: &Value) -> Vec<String> {
    let admin = app.log_in_admin().await;
    let mut walks = Vec::new();
    for (count, from, cursor_of, more) in
        [("first", "after", "endCursor", "hasNextPage"), ("last", "before", "startCursor", "hasPreviousPage")]
    {
        let (mut walk, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({count: 1, from: cursor, "sort": sort});
            let page = admin.query_with(CONNECTION, variables).await.data()["customersConnection"].clone();
            assert_eq!(page["nodes"].as_array().expect("rows").len(), 1, "{sort}: {page}");
            walk.extend(emails(&page["nodes"]));
            assert!(walk.len() < 20, "the walk ends: {sort}: {walk:?}");
            if page["pageInfo"][more] == false {
                break;
            }
            cursor = page["pageInfo"][cursor_of].clone();
        }
        walks.push(walk);
    }
    let mut backward = walks.pop().expect("a walk");
    backward.reverse();
    assert_eq!(walks[0], backward, "{sort}: forward and backward");
    backward
}

/// Walks in every order visit each customer once.
async fn assert_walks_visit(app: &TestApp, expected: &[&str]) {
    for field in SORT_FIELDS {
        for direction in ["ASC", "DESC"] {
            let sort = json!([{"field": field, "direction": direction}]);
            let mut walk = walk(app, &sort).await;
            walk.sort();
            assert_eq!(walk, expected, "{sort}");
        }
    }
}

async fn change(app: &TestApp, email: &str, body: &Value) -> TestResponse {
    let admin = app.log_in_admin().await;
    let row = app.customers().await.into_iter().find(|row| row.email.as_str() == email).expect("a row");
    admin.patch(&format!("/api/customers/{}", row.uuid), body).await
}

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

/// SQLite stores values of any type in any column.
#[apply(on_both_databases!)]
async fn a_status_of_another_type_reads_as_disabled(app: &TestApp) {
    app.register("a@x.io").await;
    let values: &[&str] = if app.database.is_some() { &["32767"] } else { &["70000", "1.5", "'x'"] };
    for value in values {
        execute(app, &format!("UPDATE customer SET status = {value}")).await;
        let response = app.log_in_admin().await.query("{ customers { items { status } } }").await;
        assert_eq!(response.data()["customers"]["items"], json!([{"status": 0}]), "{value}");
        assert_no_login(app, "a@x.io").await;
    }
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

/// Every stored value except 1 reads as disabled.
#[apply(on_both_databases!)]
async fn an_unknown_status_reads_as_disabled(app: &TestApp) {
    app.register("on@x.io").await;
    app.register("off@x.io").await;
    assert_eq!(change(app, "off@x.io", &json!({"status": 0})).await.status, 200);
    insert_with_status(app, "seven@x.io", 7).await;
    insert_with_status(app, "minus@x.io", -1).await;
    fill_all_in(app).await;
    let (enabled, disabled, none) = (["on@x.io"], ["minus@x.io", "off@x.io", "seven@x.io"], [""; 0]);
    let all = ["minus@x.io", "off@x.io", "on@x.io", "seven@x.io"];
    let response = app.log_in_admin().await.query_with(LIST, json!({"f": []})).await;
    for row in response.data()["customers"]["items"].as_array().unwrap() {
        assert_eq!(row["status"], i32::from(row["email"] == "on@x.io"), "{row}");
    }
    let response = app.log_in_admin().await.query_with(CONNECTION, json!({})).await;
    for row in response.data()["customersConnection"]["nodes"].as_array().unwrap() {
        assert_eq!(row["status"], i32::from(row["email"] == "on@x.io"), "{row}");
    }
    for (value, expected) in [("0", &disabled[..]), ("1", &enabled[..])] {
        assert_eq!(
            list(app, json!([{"key": "status", "operation": "eq", "value": value}])).await,
            expected,
            "{value}"
        );
    }
    for (condition, expected) in [
        (json!({"eq": 0}), &disabled[..]),
        (json!({"in": [0]}), &disabled[..]),
        (json!({"lt": 1}), &disabled[..]),
        (json!({"lteq": 0}), &disabled[..]),
        (json!({"eq": 1}), &enabled[..]),
        (json!({"in": [1, 7, -1]}), &enabled[..]),
        (json!({"gt": 0}), &enabled[..]),
        (json!({"gteq": 1}), &enabled[..]),
        (json!({"in": [0, 1]}), &all[..]),
        (json!({"eq": 7}), &none[..]),
        (json!({"eq": -1}), &none[..]),
    ] {
        assert_eq!(connection(app, json!({"status": condition})).await, expected, "{condition}");
        let others: Vec<&str> = all.into_iter().filter(|email| !expected.contains(email)).collect();
        assert_eq!(connection(app, json!({"not": {"status": condition}})).await, others, "not {condition}");
    }
    for email in disabled {
        assert_no_login(app, email).await;
    }
    assert_login(app, "on@x.io").await;
}

#[apply(on_both_databases!)]
async fn walks_by_status_visit_unknown_statuses_once(app: &TestApp) {
    app.register("on@x.io").await;
    app.register("off@x.io").await;
    assert_eq!(change(app, "off@x.io", &json!({"status": 0})).await.status, 200);
    for (email, status) in [
        ("seven@x.io", 7),
        ("minus@x.io", -1),
        ("also-seven@x.io", 7),
        ("most@x.io", i16::MAX),
        ("least@x.io", i16::MIN),
    ] {
        insert_with_status(app, email, status).await;
    }
    fill_all_in(app).await;
    let all =
        ["also-seven@x.io", "least@x.io", "minus@x.io", "most@x.io", "off@x.io", "on@x.io", "seven@x.io"];
    assert_walks_visit(app, &all).await;
    for sort in [
        json!([{"field": "STATUS"}, {"field": "EMAIL", "direction": "DESC"}]),
        json!([{"field": "STATUS", "direction": "DESC"}, {"field": "CREATED_AT"}]),
        json!([{"field": "FULL_NAME"}, {"field": "STATUS"}]),
    ] {
        let mut walk = walk(app, &sort).await;
        walk.sort();
        assert_eq!(walk, all, "{sort}");
    }
    let (mut pages, admin) = (Vec::new(), app.log_in_admin().await);
    for page in 1..=all.len() {
        let filters = json!([{"key": "ob", "operation": "eq", "value": "status"}, {"key": "limit", "operation": "eq", "value": 1},
            {"key": "page", "operation": "eq", "value": page}]);
        pages.extend(emails(
            &admin.query_with(LIST, json!({"f": filters})).await.data()["customers"]["items"],
        ));
    }
    pages.sort();
    assert_eq!(pages, all);
}

#[apply(on_both_databases!)]
async fn an_admin_enables_a_customer_with_an_unknown_status(app: &TestApp) {
    app.register("on@x.io").await;
    for (email, status) in [("seven@x.io", 7), ("minus@x.io", -1)] {
        insert_with_status(app, email, status).await;
    }
    fill_all_in(app).await;
    for email in ["seven@x.io", "minus@x.io"] {
        let renamed = change(app, email, &json!({"full_name": "Renamed"})).await.data();
        assert_eq!((&renamed["status"], &renamed["full_name"]), (&json!(0), &json!("Renamed")));
        assert_eq!(change(app, email, &json!({"status": 0})).await.data()["status"], 0);
        assert_no_login(app, email).await;
        assert_eq!(change(app, email, &json!({"status": 1})).await.data()["status"], 1);
        assert_login(app, email).await;
        let row = app
            .log_in_admin()
            .await
            .query_with(
                "query ($email: String) { customer(email: $email) { status } }",
                json!({"email": email}),
            )
            .await;
        assert_eq!(row.data()["customer"]["status"], 1);
    }
    assert_eq!(list(app, json!([{"key": "status", "operation": "eq", "value": "0"}])).await, [""; 0]);
}
