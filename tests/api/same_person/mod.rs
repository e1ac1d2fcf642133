//! One person is one account, in every route: however an address, a name or a password is spelled and encoded.

mod addresses;
mod mailing;
mod passwords;
mod refused;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::TimeDelta;
use patron::app::ctx::Ctx;
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
    ADMIN_PASSWORD, Actor, Answer, CUSTOMER_PASSWORD, Mail, TestApp, apply, on_both_databases,
};

/// What a search for a label with an umlaut has to accept: the Unicode form, the A-label, and the form without accents.
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
    // A-labels that decode to a control character, break off, are not ASCII, decode to ASCII only, or to letters that
    // UTS 46 maps to others: Ü, and the full-width ｅ.
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
    // A local part that shows nothing.
    "\u{3164}@x.io",
    "\u{115F}@x.io",
    "\u{115F}\u{1160}@x.io",
    "\u{FFA0}@x.io",
    "\u{2800}@x.io",
    "\u{301}@x.io",
    "\u{200B}\u{301}@x.io",
];
const NO_ADDRESS: &str = "Email must be a valid email address (e.g., user@example.com)";

/// Names that show nothing.
const BLANK_NAMES: [&str; 7] =
    ["\u{3164}", "\u{115F}\u{1160}", "\u{FFA0}", "\u{301}", "\u{2800}", "\u{200B} ", " \u{3164}\u{301}\t"];
/// Names with the same characters beside visible ones.
const NAMES: [&str; 3] = ["가\u{3164}", "e\u{301}", "\u{2800}a"];

/// One password in both normalization forms.
const NFC: &str = "caf\u{E9} cr\u{E8}me br\u{FB}l\u{E9}e";
const NFD: &str = "cafe\u{301} cre\u{300}me bru\u{302}le\u{301}e";

/// A hash that is never verified here: importing it costs nothing.
const BCRYPT: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

const ME: &str = "/api/customers/me";
const LIST: &str = "query ($f: [FilterInput]) { customers(filters: $f) { total items { uuid } } }";
const CONNECTION: &str =
    "query ($filter: CustomerFilter) { customersConnection(filter: $filter) { totalCount nodes { uuid } } }";

/// Each pair both ways: stored in the first spelling, asked for in the second.
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

async fn register(app: &TestApp, full_name: &str, email: &str, password: &str) -> Answer {
    let body = json!({"full_name": full_name, "email": email, "password": password});
    app.anonymous().post("/api/customers", &body).await
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post("/api/customer/tokens", &json!({"email": email, "password": password})).await
}

async fn log_in_as_admin(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post("/api/user/tokens", &json!({"email": email, "password": password})).await
}

/// A request of the customer whose tokens these are.
async fn send_as(app: &TestApp, pair: &Value, method: Method, path: &str, body: &Value) -> Answer {
    let token = pair["accessToken"].as_str().expect("an access token");
    let request = app.anonymous().request(method, path).bearer_auth(token);
    app.anonymous().send(request.json(body)).await
}

/// The uuid of the customer whose tokens these are.
async fn owner(app: &TestApp, pair: &Value) -> Value {
    let query = json!({"query": "{ currentCustomer { uuid } }"});
    send_as(app, pair, Method::POST, "/api/graphql", &query).await.data()["currentCustomer"]["uuid"].clone()
}

#[track_caller]
fn assert_taken(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.message()), (409, "Email is already used"), "{what}: {answer:?}");
    answer.assert_failure(409, "email_taken");
}

/// The uuids that the list and the connection find, which have to agree with their totals.
async fn listed(app: &TestApp, filters: Value) -> Vec<Value> {
    let list = app.admin().query_with(LIST, json!({"f": filters})).await.data()["customers"].clone();
    uuids(&list["items"], &list["total"])
}

async fn connected(app: &TestApp, filter: Value) -> Vec<Value> {
    let answer = app.admin().query_with(CONNECTION, json!({"filter": filter})).await;
    let connection = answer.data()["customersConnection"].clone();
    uuids(&connection["nodes"], &connection["totalCount"])
}

fn uuids(rows: &Value, total: &Value) -> Vec<Value> {
    let uuids: Vec<Value> = rows.as_array().expect("rows").iter().map(|row| row["uuid"].clone()).collect();
    assert_eq!(*total, uuids.len());
    uuids
}

/// Imports a file of these records.
async fn import_records(app: &TestApp, options: Options, records: &[Value]) -> Vec<ImportOutcome> {
    let ctx = Ctx::system(app.app.clone());
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

/// A hash with the parameters of patron's own, of the very bytes of the password.
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
    row.update(app.app.db.migration_connection()).await.unwrap();
}

/// The hash of the only customer.
async fn stored_hash(app: &TestApp) -> String {
    app.customers().await[0].password.expose().to_owned()
}

async fn admins(app: &TestApp) -> Vec<admin_user::Model> {
    let select = admin_user::Entity::find().order_by_asc(admin_user::Column::AdminUserId);
    select.all(app.app.db.migration_connection()).await.unwrap()
}

async fn create_admin(app: &TestApp, email: &str, password: &str) -> Result<admin_user::Model, Error> {
    let email = EmailAddress::parse_local(email).unwrap();
    let password = Password::new(password.into()).unwrap();
    admin::create(&Ctx::system(app.app.clone()), email, "Ada".to_owned(), &password).await
}

async fn mail_rows(app: &TestApp) -> Vec<mail::Model> {
    mail::Entity::find()
        .order_by_asc(mail::Column::MailId)
        .all(app.app.db.migration_connection())
        .await
        .unwrap()
}
