//! Bodies that create and change addresses (`src/service/address/input.rs`).

use patron::entity::customer_address::{Entity, Model};
use patron::service::country;
use patron::types::is_blank;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::World;
use crate::text::{is_line, is_valid_name};

/// A body is refused and creates nothing, or creates an address with its fields that obeys the rules. The same body, and
/// the fields of the response, then change nothing.
///
/// # Panics
/// If a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let path = format!("/api/customers/{}/addresses", world.customer().uuid);
    let response = world.send("POST", &path, input);
    let Some(data) = response.data() else {
        assert_eq!(rows(world), [], "a refused body created an address");
        let fields = crate::object(input).unwrap_or_default();
        for field in response.invalid_fields() {
            let is_valid =
                TEXTS.contains(&field) && field != "province" && is_valid_name(fields.get(field), 255);
            assert!(!is_valid, "{field} was refused: {:?}", response.body());
        }
        return;
    };
    let mut created = rows(world);
    let row = created.pop().expect("an address");
    assert_eq!(created, [], "two addresses");
    assert_within_limits(&row);
    assert_applied(&crate::object(input).expect("only objects are accepted"), &row);

    let path = format!("{path}/{}", row.uuid);
    world.send("PATCH", &path, input).accepted();
    assert_eq!(rows(world), std::slice::from_ref(&row), "the second time changed something");
    let mut returned = data.as_object().cloned().expect("an object");
    returned.retain(|name, _| TEXTS.contains(&name.as_str()) || name == "country" || name == "is_default");
    world.send("PATCH", &path, Value::Object(returned).to_string().as_bytes()).accepted();
    assert_eq!(rows(world), [row], "the returned fields changed something");

    world.send("DELETE", &path, b"").accepted();
    assert_eq!(rows(world), [], "the address was not deleted");
}

/// The optional text fields.
const TEXTS: [&str; 7] = ["full_name", "telephone", "address_1", "address_2", "postcode", "city", "province"];

fn texts(row: &Model) -> [Option<&str>; 7] {
    [&row.full_name, &row.telephone, &row.address_1, &row.address_2, &row.postcode, &row.city, &row.province]
        .map(|text| text.as_deref())
}

fn rows(world: &World) -> Vec<Model> {
    world.run(Entity::find().all(world.app().db.reader())).expect("the database responds")
}

fn assert_within_limits(row: &Model) {
    for text in texts(row).into_iter().flatten() {
        assert!(is_line(text, 255), "{text:?}");
    }
    let country = country::find(&row.country).expect("a country of ISO 3166-1");
    assert_eq!(country.alpha2, row.country);
    let format = country::address_format(&country);
    for (required, text) in [
        (true, &row.full_name),
        (true, &row.address_1),
        (format.requires_postcode(), &row.postcode),
        (format.requires_province(), &row.province),
    ] {
        assert!(!required || text.is_some(), "{row:?}");
    }
    if let Some(province) = row.province.as_deref().and_then(country::find_province) {
        assert_eq!((Some(province.code), province.country_code), (row.province.as_deref(), country.alpha2));
    }
}

fn assert_applied(fields: &serde_json::Map<String, Value>, row: &Model) {
    for (name, stored) in TEXTS.into_iter().zip(texts(row)) {
        let sent = fields.get(name).and_then(Value::as_str).filter(|text| !is_blank(text));
        match (sent, stored) {
            // Stored as the code of ISO 3166-2.
            (Some(sent), Some(stored)) if name == "province" => {
                assert!(sent == stored || country::find_province(stored).is_some(), "{sent} {stored}")
            }
            (sent, stored) => assert_eq!(sent, stored, "{name}"),
        }
    }
    let country = fields.get("country").and_then(Value::as_str).expect("a country is required");
    assert_eq!(country::find(country).map(|country| country.alpha2), Some(row.country.as_str()), "{country}");
    let flag = fields.get("is_default").cloned().unwrap_or_default();
    let is_true = flag == true || flag == "1" || flag.as_f64() == Some(1.0);
    let is_false = flag == false || flag == "0" || flag.as_f64() == Some(0.0) || flag == json!(null);
    assert_eq!((is_true, is_false), (row.is_default, !row.is_default), "{flag}");
}
