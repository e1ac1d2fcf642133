//! Bodies that change customers (`src/service/customer/input.rs`).

use patron::entity::customer::Model;
use patron::service::input::patch::holds_nul;
use patron::types::{EmailAddress, Password};
use serde_json::{Map, Value};

use crate::World;
use crate::answer::Answer;
use crate::text::{is_fine, is_line};

/// A body is refused and changes nothing, or what it asks for comes true, and nothing else; asking for it again
/// changes nothing.
///
/// # Panics
/// When a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let before = world.customer();
    let path = format!("/api/customers/{}", before.uuid);
    let body = without_password(input);
    let answer = world.send("PATCH", &path, &body);
    let after = world.customer();
    let Some(data) = answer.data() else {
        assert_eq!(after, before, "a body that was refused changed something");
        with_reason(&crate::object(&body).unwrap_or_default(), &answer);
        return;
    };
    let given = crate::object(&body).expect("no other body is accepted");
    kept_within_limits(&after);
    comes_true(&given, &before, &after);
    for (name, value) in [("full_name", after.full_name.as_str()), ("email", after.email.as_str())] {
        assert_eq!(data[name], value, "the answer");
    }
    let changed = i32::from(Model { version: 0, ..before.clone() } != Model { version: 0, ..after.clone() });
    assert_eq!(after.version, before.version + changed, "the version counts changes");

    world.send("PATCH", &path, &body).accepted();
    assert_eq!(world.customer(), after, "the second time changed something");

    // Who registers says the same and no password.
    let wrong = world.send_anonymously("POST", "/api/customers", &body);
    assert!(wrong.data().is_none() && wrong.wrong_fields().contains(&"password"), "{:?}", wrong.body());
    world.restore();
}

/// A password that may be set is taken out: hashing takes its time and shows nothing.
fn without_password(input: &[u8]) -> Vec<u8> {
    let Some(mut given) = crate::object(input) else { return input.to_vec() };
    let Some(Value::String(password)) = given.get("password").cloned() else { return input.to_vec() };
    if Password::new(password.clone().into()).is_err() {
        return input.to_vec();
    }
    assert!(password.chars().count() >= 8 && password.len() <= 1024, "a password that may be set");
    given.remove("password");
    Value::Object(given).to_string().into_bytes()
}

fn kept_within_limits(row: &Model) {
    assert!(is_line(&row.full_name, 255), "{:?}", row.full_name);
    assert_eq!(EmailAddress::parse(row.email.as_str()), Ok(row.email.clone()));
    assert_eq!(row.status.stored(), i64::from(row.status.number()));
    assert!(row.group_id.is_some(), "a customer without a group");
    assert!(row.meta_data.is_object() && !holds_nul(&row.meta_data), "{}", row.meta_data);
    assert!(!row.search_text.is_empty(), "nothing to be found by");
}

/// What is right is not refused.
fn with_reason(given: &Map<String, Value>, answer: &Answer) {
    for field in answer.wrong_fields() {
        let value = given.get(field);
        let is_right = match (field, value) {
            (_, None) => true,
            ("full_name", name) => is_fine(name, 255),
            ("email", Some(Value::String(email))) => {
                EmailAddress::parse(email).is_ok() && answer.status() == 400
            }
            ("status", Some(status)) => ["0", "1"].contains(&status.to_string().trim_matches('"')),
            ("meta_data", Some(data)) => data.as_object().is_some_and(Map::is_empty),
            _ => false,
        };
        assert!(!is_right, "{field} was refused: {:?}", answer.body());
    }
}

/// What is in the body is so now, and what isn't is as it was.
fn comes_true(given: &Map<String, Value>, before: &Model, after: &Model) {
    match given.get("full_name") {
        None => assert_eq!(after.full_name, before.full_name),
        Some(name) => assert_eq!(*name, after.full_name.as_str()),
    }
    match given.get("email") {
        None => assert_eq!(after.email, before.email),
        Some(email) => {
            let email = EmailAddress::parse(email.as_str().expect("a text")).expect("an address");
            assert_eq!(email, after.email);
        }
    }
    match given.get("status") {
        None => assert_eq!(after.status, before.status),
        Some(Value::String(text)) => assert_eq!(*text, after.status.number().to_string()),
        Some(number) => assert_eq!(number.as_f64(), Some(f64::from(after.status.number()))),
    }
    match given.get("group_id") {
        None => assert_eq!(after.group_id, before.group_id),
        Some(Value::Null) => assert_eq!(after.group_id, Some(1)),
        Some(Value::String(text)) => assert_eq!(text.parse().ok(), after.group_id),
        Some(number) => assert_eq!(number.as_f64(), after.group_id.map(f64::from)),
    }
    match given.get("meta_data") {
        None => assert_eq!(after.meta_data, before.meta_data),
        Some(Value::Null) => assert_eq!(after.meta_data, Value::Object(Map::new())),
        Some(data) => assert!(crate::same_json(data, &after.meta_data), "{data} became {}", after.meta_data),
    }
    let kept = |row: &Model| (row.uuid, row.password.clone(), row.created_at, row.token_generation);
    if given.get("status").is_none() {
        assert_eq!(kept(after), kept(before));
    }
}
