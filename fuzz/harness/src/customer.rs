//! Bodies that change customers (`src/service/customer/input.rs`).

use patron::entity::customer::Model;
use patron::service::input::patch::contains_nul;
use patron::types::{EmailAddress, Password};
use serde_json::{Map, Value};

use crate::World;
use crate::response::Response;
use crate::text::{is_line, is_valid_name};

/// A body is refused and changes nothing, or exactly its changes are applied. The same body again changes nothing.
///
/// # Panics
/// If a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let before = world.customer();
    let path = format!("/api/customers/{}", before.uuid);
    let body = without_password(input);
    let response = world.send("PATCH", &path, &body);
    let after = world.customer();
    let Some(data) = response.data() else {
        assert_eq!(after, before, "a refused body changed something");
        assert_valid_fields_are_not_refused(&crate::object(&body).unwrap_or_default(), &response);
        return;
    };
    let fields = crate::object(&body).expect("only objects are accepted");
    assert_within_limits(&after);
    assert_applied(&fields, &before, &after);
    for (name, value) in [("full_name", after.full_name.as_str()), ("email", after.email.as_str())] {
        assert_eq!(data[name], value, "the response");
    }
    let changed = i32::from(Model { version: 0, ..before.clone() } != Model { version: 0, ..after.clone() });
    assert_eq!(after.version, before.version + changed, "the version counts changes");

    world.send("PATCH", &path, &body).accepted();
    assert_eq!(world.customer(), after, "the second time changed something");

    // A registration with the same body lacks a password.
    let registration = world.send_anonymously("POST", "/api/customers", &body);
    assert!(
        registration.data().is_none() && registration.invalid_fields().contains(&"password"),
        "{:?}",
        registration.body()
    );
    world.restore();
}

/// Removes a valid password: hashing is slow, and not under test.
fn without_password(input: &[u8]) -> Vec<u8> {
    let Some(mut fields) = crate::object(input) else { return input.to_vec() };
    let Some(Value::String(password)) = fields.get("password").cloned() else { return input.to_vec() };
    if Password::new(password.clone().into()).is_err() {
        return input.to_vec();
    }
    assert!(password.chars().count() >= 8 && password.len() <= 1024, "an invalid password is accepted");
    fields.remove("password");
    Value::Object(fields).to_string().into_bytes()
}

fn assert_within_limits(row: &Model) {
    assert!(is_line(&row.full_name, 255), "{:?}", row.full_name);
    assert_eq!(EmailAddress::parse(row.email.as_str()), Ok(row.email.clone()));
    assert_eq!(row.status.stored(), i64::from(row.status.number()));
    assert!(row.group_id.is_some(), "a customer without a group");
    assert!(row.meta_data.is_object() && !contains_nul(&row.meta_data), "{}", row.meta_data);
    assert!(!row.search_text.is_empty(), "a customer without search text");
}

/// Checks that no valid field was refused.
fn assert_valid_fields_are_not_refused(fields: &Map<String, Value>, response: &Response) {
    for field in response.invalid_fields() {
        let value = fields.get(field);
        let is_valid = match (field, value) {
            (_, None) => true,
            ("full_name", name) => is_valid_name(name, 255),
            ("email", Some(Value::String(email))) => {
                EmailAddress::parse(email).is_ok() && response.status() == 400
            }
            ("status", Some(status)) => ["0", "1"].contains(&status.to_string().trim_matches('"')),
            ("meta_data", Some(data)) => data.as_object().is_some_and(Map::is_empty),
            _ => false,
        };
        assert!(!is_valid, "{field} was refused: {:?}", response.body());
    }
}

/// Checks that the fields of the body are applied, and all others unchanged.
fn assert_applied(fields: &Map<String, Value>, before: &Model, after: &Model) {
    match fields.get("full_name") {
        None => assert_eq!(after.full_name, before.full_name),
        Some(name) => assert_eq!(*name, after.full_name.as_str()),
    }
    match fields.get("email") {
        None => assert_eq!(after.email, before.email),
        Some(email) => {
            let email = EmailAddress::parse(email.as_str().expect("a text")).expect("an address");
            assert_eq!(email, after.email);
        }
    }
    match fields.get("status") {
        None => assert_eq!(after.status, before.status),
        Some(Value::String(text)) => assert_eq!(*text, after.status.number().to_string()),
        Some(number) => assert_eq!(number.as_f64(), Some(f64::from(after.status.number()))),
    }
    match fields.get("group_id") {
        None => assert_eq!(after.group_id, before.group_id),
        Some(Value::Null) => assert_eq!(after.group_id, Some(1)),
        Some(Value::String(text)) => assert_eq!(text.parse().ok(), after.group_id),
        Some(number) => assert_eq!(number.as_f64(), after.group_id.map(f64::from)),
    }
    match fields.get("meta_data") {
        None => assert_eq!(after.meta_data, before.meta_data),
        Some(Value::Null) => assert_eq!(after.meta_data, Value::Object(Map::new())),
        Some(data) => assert!(crate::same_json(data, &after.meta_data), "{data} became {}", after.meta_data),
    }
    let immutable = |row: &Model| (row.uuid, row.password.clone(), row.created_at, row.token_generation);
    if fields.get("status").is_none() {
        assert_eq!(immutable(after), immutable(before));
    }
}
