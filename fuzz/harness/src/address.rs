//! Bodies that make and change addresses (`src/service/address/input.rs`).

use patron::entity::customer_address::{Entity, Model};
use patron::service::country;
use patron::types::is_blank;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::World;
use crate::text::{is_fine, is_line};

/// A body is refused and makes nothing, or makes an address that obeys the rules and says what the body does; the same
/// body then changes nothing of it, nor does all that the answer says.
///
/// # Panics
/// When a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let path = format!("/api/customers/{}/addresses", world.customer().uuid);
    let answer = world.send("POST", &path, input);
    let Some(data) = answer.data() else {
        assert_eq!(rows(world), [], "a body that was refused made an address");
        let given = crate::object(input).unwrap_or_default();
        for field in answer.wrong_fields() {
            let is_right = TEXTS.contains(&field) && field != "province" && is_fine(given.get(field), 255);
            assert!(!is_right, "{field} was refused: {:?}", answer.body());
        }
        return;
    };
    let mut made = rows(world);
    let row = made.pop().expect("an address");
    assert_eq!(made, [], "two addresses");
    kept_within_limits(&row);
    comes_true(&crate::object(input).expect("no other body is accepted"), &row);

    let own = format!("{path}/{}", row.uuid);
    world.send("PATCH", &own, input).accepted();
    assert_eq!(rows(world), std::slice::from_ref(&row), "the second time changed something");
    let mut said = data.as_object().cloned().expect("an object");
    said.retain(|name, _| TEXTS.contains(&name.as_str()) || name == "country" || name == "is_default");
    world.send("PATCH", &own, Value::Object(said).to_string().as_bytes()).accepted();
    assert_eq!(rows(world), [row], "what it says itself changed something");

    world.send("DELETE", &own, b"").accepted();
    assert_eq!(rows(world), [], "it is still there");
}

/// Those that are texts, and may be absent.
const TEXTS: [&str; 7] = ["full_name", "telephone", "address_1", "address_2", "postcode", "city", "province"];

fn texts(row: &Model) -> [Option<&str>; 7] {
    [&row.full_name, &row.telephone, &row.address_1, &row.address_2, &row.postcode, &row.city, &row.province]
        .map(|text| text.as_deref())
}

fn rows(world: &World) -> Vec<Model> {
    world.run(Entity::find().all(world.app().db.reader())).expect("the database answers")
}

fn kept_within_limits(row: &Model) {
    for text in texts(row).into_iter().flatten() {
        assert!(is_line(text, 255), "{text:?}");
    }
    for required in [&row.full_name, &row.address_1, &row.postcode, &row.province] {
        assert!(required.is_some(), "{row:?}");
    }
    let country = country::find(&row.country).expect("a country of ISO 3166-1");
    assert_eq!(country.alpha2, row.country);
    if let Some(province) = row.province.as_deref().and_then(country::find_province) {
        assert_eq!((Some(province.code), province.country_code), (row.province.as_deref(), country.alpha2));
    }
}

fn comes_true(given: &serde_json::Map<String, Value>, row: &Model) {
    for (name, kept) in TEXTS.into_iter().zip(texts(row)) {
        let said = given.get(name).and_then(Value::as_str).filter(|text| !is_blank(text));
        match (said, kept) {
            // As ISO 3166-2 spells it.
            (Some(said), Some(kept)) if name == "province" => {
                assert!(said.eq_ignore_ascii_case(kept), "{said} {kept}")
            }
            (said, kept) => assert_eq!(said, kept, "{name}"),
        }
    }
    let country = given.get("country").and_then(Value::as_str).expect("a country is required");
    assert!(country.eq_ignore_ascii_case(&row.country), "{country}");
    let flag = given.get("is_default").cloned().unwrap_or_default();
    let is_true = flag == true || flag == "1" || flag.as_f64() == Some(1.0);
    let is_false = flag == false || flag == "0" || flag.as_f64() == Some(0.0) || flag == json!(null);
    assert_eq!((is_true, is_false), (row.is_default, !row.is_default), "{flag}");
}
