//! Rows that another program inserted or changed with plain SQL. A job fills in the columns that patron computes. Rows
//! are listed before that, and also if the columns can't be computed.

mod copies;
mod keys;
mod statuses;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use patron::app::ctx::AdminCtx;
use patron::service::derived::compute_missing;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::{ADMIN_PASSWORD, Actor, CUSTOMER_PASSWORD, TestApp, TestResponse};

/// The fields that customers can be sorted by.
const SORT_FIELDS: [&str; 9] = [
    "CUSTOMER_ID",
    "EMAIL",
    "FULL_NAME",
    "STATUS",
    "GROUP_ID",
    "EMAIL_VERIFIED_AT",
    "CREATED_AT",
    "UPDATED_AT",
    "LAST_SIGN_IN_AT",
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
