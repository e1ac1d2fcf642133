//! Equivalent spellings and encodings of addresses, names and passwords are treated alike, in every route.

mod addresses;
mod mailing;
mod passwords;
mod refused;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::TimeDelta;
use patron::app::ctx::AdminCtx;
use patron::entity::{admin_user, mail};
use patron::error::{Error, Problem};
use patron::service::admin;
use patron::service::import::{self, Import, ImportOutcome, Line, Options, Record};
use patron::types::{EmailAddress, MailStatus, Password, PasswordHash};
use reqwest::Method;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryOrder};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use unicode_normalization::UnicodeNormalization;

use crate::support::{
    ADMIN_PASSWORD, Actor, CUSTOMER_PASSWORD, Mail, TestApp, TestResponse, apply, on_both_databases,
};

/// The keywords that find a label with an umlaut: the Unicode form, the A-label, and the form without accents.
const BUECHER: &[&str] = &["bücher", "xn--bcher-kva", "bucher"];

/// Two spellings of one address, and keywords that find its owner.
const PAIRS: [(&str, &str, &[&str]); 12] = [
    ("ada@bücher.example", "ada@xn--bcher-kva.example", BUECHER),
    ("ada@bücher.example", "ada@XN--BCHER-KVA.example", BUECHER),
    ("ada@bücher.example", "ada@BÜCHER.example", BUECHER),
    ("ada@bücher.example", "ada@bu\u{308}cher.example", BUECHER),
    ("ada@faß.example", "ada@xn--fa-hia.example", &["faß", "xn--fa-hia", "fass"]),
    ("ada@example.com", "ada@ｅｘａｍｐｌｅ.com", &["example.com"]),
    ("ada@example.com", "ada@ｅｘａｍｐｌｅ\u{FF0E}ｃｏｍ", &["example.com"]),
    ("ada@example.com", "ada@example\u{3002}com", &["example.com"]),
    ("ada@example.com", "ada@ｅｘａｍｐｌｅ\u{FF61}com", &["example.com"]),
    ("Ada@X.io", "ada@x.IO", &["ada@x.io"]),
    ("JÖRG@x.io", "jörg@x.io", &["jörg", "JORG"]),
    ("jo\u{308}rg@x.io", "jörg@x.io", &["jörg", "JORG"]),
];

/// Texts that are not valid addresses.
const REFUSED: [&str; 29] = [
    // An IP address in any notation.
    "a@127.0.0.1",
    "a@[127.0.0.1]",
    "a@[IPv6:::1]",
    "a@0x7f.1",
    "a@0x7f.0.0.0x1",
    "a@2130706433",
    "a@0177.0.0.1",
    "a@１２７.０.０.１",
    "a@127\u{3002}0\u{3002}0\u{3002}1",
    // A last label that is a number.
    "a@x.123",
    "a@x.09",
    "a@x.0x1f",
    "a@x.０ｘ１Ｆ",
    // A-labels that decode to a control character, are truncated, not ASCII, decode to ASCII only, or decode to letters
    // that UTS 46 maps to others: Ü, and the full-width ｅ.
    "a@xn--a.example",
    "a@xn--0.example",
    "a@xn--\u{FC}.example",
    "a@xn--.example",
    "a@xn--fass-.example",
    "a@xn--bcher-2pa.example",
    "a@xn--x-6q0i.example",
    // In normalization form D, and beginning with a combining mark.
    "a@xn--bucher-xyd.example",
    "a@xn--a-wbb.example",
    // A local part of invisible characters only.
    "\u{3164}@x.io",
    "\u{115F}@x.io",
    "\u{115F}\u{1160}@x.io",
    "\u{FFA0}@x.io",
    "\u{2800}@x.io",
    "\u{301}@x.io",
    "\u{200B}\u{301}@x.io",
];
const INVALID_EMAIL: &str = "Email must be a valid email address (e.g., user@example.com)";

/// Names of invisible characters only.
const BLANK_NAMES: [&str; 7] =
    ["\u{3164}", "\u{115F}\u{1160}", "\u{FFA0}", "\u{301}", "\u{2800}", "\u{200B} ", " \u{3164}\u{301}\t"];
/// Names with the same characters beside visible ones.
const NAMES: [&str; 3] = ["가\u{3164}", "e\u{301}", "\u{2800}a"];

/// One password in both normalization forms.
const NFC: &str = "caf\u{E9} cr\u{E8}me br\u{FB}l\u{E9}e";
const NFD: &str = "cafe\u{301} cre\u{300}me bru\u{302}le\u{301}e";

/// A hash for imports; it is never verified in these tests.
const BCRYPT: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

const ME: &str = "/api/customers/me";
const LIST: &str = "query ($f: [FilterInput]) { customers(filters: $f) { total items { uuid } } }";
const CONNECTION: &str =
    "query ($filter: CustomerFilter) { customersConnection(filter: $filter) { totalCount nodes { uuid } } }";

/// Each pair in both directions: the first spelling is stored, the second is used in requests.
fn spellings() -> impl Iterator<Item = (&'static str, &'static str, &'static [&'static str])> {
    PAIRS.into_iter().flat_map(|(one, other, keywords)| [(one, other, keywords), (other, one, keywords)])
}

fn parts(email: &str) -> (&str, &str) {
    email.rsplit_once('@').expect("an address")
}

fn nfc(text: &str) -> String {
    text.nfc().collect()
}

fn url(row: &Value) -> String {
    format!("/api/customers/{}", row["uuid"].as_str().expect("a uuid"))
}

async fn remove(app: &TestApp, row: &Value) {
    app.admin().delete(&url(row)).await.data();
}

async fn remove_all(app: &TestApp) {
    for row in app.customers().await {
        app.admin().delete(&format!("/api/customers/{}", row.uuid)).await.data();
    }
}

async fn register(app: &TestApp, full_name: &str, email: &str, password: &str) -> TestResponse {
    let body = json!({"full_name": full_name, "email": email, "password": password});
    app.anonymous().post("/api/customers", &body).await
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> TestResponse {
    app.anonymous().post("/api/customer/tokens", &json!({"email": email, "password": password})).await
}

async fn log_in_as_admin(app: &TestApp, email: &str, password: &str) -> TestResponse {
    app.anonymous().post("/api/user/tokens", &json!({"email": email, "password": password})).await
}

/// Sends a request with this access token.
async fn send_as(app: &TestApp, pair: &Value, method: Method, path: &str, body: &Value) -> TestResponse {
    let token = pair["accessToken"].as_str().expect("an access token");
    let request = app.anonymous().request(method, path).bearer_auth(token);
    app.anonymous().send(request.json(body)).await
}

/// The uuid of the customer that owns these tokens.
async fn owner(app: &TestApp, pair: &Value) -> Value {
    let query = json!({"query": "{ currentCustomer { uuid } }"});
    send_as(app, pair, Method::POST, "/api/graphql", &query).await.data()["currentCustomer"]["uuid"].clone()
}

#[track_caller]
fn assert_email_taken(response: &TestResponse, what: &str) {
    assert_eq!((response.status, response.message()), (409, "Email is already used"), "{what}: {response:?}");
    response.assert_failure(409, "email_taken");
}

/// The uuids that `customers` returns. Their number has to match the total.
async fn list(app: &TestApp, filters: Value) -> Vec<Value> {
    let list = app.admin().query_with(LIST, json!({"f": filters})).await.data()["customers"].clone();
    uuids(&list["items"], &list["total"])
}

/// The uuids that `customersConnection` returns. Their number has to match the total.
async fn connection(app: &TestApp, filter: Value) -> Vec<Value> {
    let response = app.admin().query_with(CONNECTION, json!({"filter": filter})).await;
    let connection = response.data()["customersConnection"].clone();
    uuids(&connection["nodes"], &connection["totalCount"])
}

fn uuids(rows: &Value, total: &Value) -> Vec<Value> {
    let uuids: Vec<Value> = rows.as_array().expect("rows").iter().map(|row| row["uuid"].clone()).collect();
    assert_eq!(*total, uuids.len());
    uuids
}

/// Imports a file of these records.
async fn import_records(app: &TestApp, options: Options, records: &[Value]) -> Vec<ImportOutcome> {
    let ctx = AdminCtx::system(app.app.clone());
    let line = |(number, record): (u64, &Value)| {
        let fields = record.as_object().expect("an object").clone();
        Line { number, record: Ok(Record { fields, is_text: false }) }
    };
    let batch = import::prepare(&ctx, options, (1..).zip(records).map(line).collect()).await.unwrap();
    Import::new(options).write(&ctx, batch).await.unwrap()
}

fn record(full_name: &str, email: &str) -> Value {
    json!({"full_name": full_name, "email": email, "password_hash": BCRYPT})
}

fn refused(field: &str, message: &str) -> ImportOutcome {
    ImportOutcome::Refused(vec![Problem::new(field, message)])
}

/// A hash of the bytes of the password as given, with patron's parameters.
fn argon2id(password: &str) -> String {
    let params = argon2::Params::new(19 * 1024, 2, 1, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let (salt, mut hash) = ([7_u8; 16], [0_u8; 32]);
    argon2.hash_password_into(password.as_bytes(), &salt, &mut hash).unwrap();
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${hash}")
}

fn bcrypt(password: &str) -> String {
    bcrypt::hash_with_result(password, 4).unwrap().format_for_version(bcrypt::Version::TwoB)
}

/// Stores a hash for the only customer.
async fn set_hash(app: &TestApp, hash: &str) {
    let mut row = app.customers().await.remove(0).into_active_model();
    row.password = Set(PasswordHash::new(hash.to_owned()));
    row.update(app.app.db.writer()).await.unwrap();
}

/// The hash of the only customer.
async fn stored_hash(app: &TestApp) -> String {
    app.customers().await[0].password.expose().to_owned()
}

async fn admins(app: &TestApp) -> Vec<admin_user::Model> {
    let select = admin_user::Entity::find().order_by_asc(admin_user::Column::AdminUserId);
    select.all(app.app.db.writer()).await.unwrap()
}

async fn create_admin(app: &TestApp, email: &str, password: &str) -> Result<admin_user::Model, Error> {
    let email = EmailAddress::parse_local(email).unwrap();
    let password = Password::new(password.into()).unwrap();
    admin::create(&AdminCtx::system(app.app.clone()), email, "Ada".to_owned(), &password).await
}

async fn mail_rows(app: &TestApp) -> Vec<mail::Model> {
    mail::Entity::find().order_by_asc(mail::Column::MailId).all(app.app.db.writer()).await.unwrap()
}
