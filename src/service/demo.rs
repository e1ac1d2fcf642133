//! Creates the demo data: customers, custom fields and a webhook endpoint.
//!
//! The random values come from a fixed seed, so that every demo has the same customers. The data passes the
//! validation of the API and is journaled.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::app::ctx::AdminCtx;
use crate::app::write::Write;
use crate::db::BackgroundJob;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::service::import::{self, BATCH, Import, ImportOutcome, Line, Options, Record};
use crate::service::metafield::{self, DefinitionInput};
use crate::service::webhook::{self, EndpointInput};
use crate::types::{Password, PasswordHash, timestamp};

/// The password of every demo customer.
pub const CUSTOMER_PASSWORD: &str = "demo-customer";

const GIVEN_NAMES: &[&str] = &[
    "Amara", "Björn", "Chiara", "Dmitri", "Élodie", "Fatima", "Grace", "Hiroshi", "Inês", "Jonas", "Keiko",
    "Liam", "María", "Nguyễn", "Olga", "Priya", "Quentin", "Rosa", "Søren", "Tariq", "Uma", "Václav", "Wei",
    "Ximena", "Yusuf", "Zoë", "ليلى", "נועם",
];
const FAMILY_NAMES: &[&str] = &[
    "Andersson",
    "Bauer",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fernández",
    "García",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kowalski",
    "López",
    "Müller",
    "Nakamura",
    "O'Brien",
    "Petrov",
    "Quiroga",
    "Rossi",
    "Schmidt",
    "Tanaka",
    "Ümit",
    "van Dijk",
    "Wang",
    "Yılmaz",
    "Žižek",
];
/// Street, postcode, city, province (ISO 3166-2), country (ISO 3166-1).
const PLACES: &[(&str, &str, &str, &str, &str)] = &[
    ("Market Street", "94103", "San Francisco", "US-CA", "US"),
    ("Congress Avenue", "78701", "Austin", "US-TX", "US"),
    ("Friedrichstraße", "10117", "Berlin", "DE-BE", "DE"),
    ("Leopoldstraße", "80802", "München", "DE-BY", "DE"),
    ("Rue de Rivoli", "75001", "Paris", "FR-IDF", "FR"),
    ("Gran Vía", "28013", "Madrid", "ES-MD", "ES"),
    ("Via Torino", "20123", "Milano", "IT-25", "IT"),
    ("Queen Street West", "M5V 2A2", "Toronto", "CA-ON", "CA"),
    ("George Street", "2000", "Sydney", "AU-NSW", "AU"),
    ("Avenida Paulista", "01310-100", "São Paulo", "BR-SP", "BR"),
];
/// One in five customers is a wholesaler, one in five a VIP.
const GROUPS: [&str; 5] = ["VIP", "Wholesale", "Default", "Default", "Default"];
const TIERS: &[&str] = &["bronze", "silver", "gold"];
const COLOURS: &[&str] = &["#0f5c63", "#a3271f", "#e0a526", "#5b4b8a", "#17693d"];

/// Creates `count` customers (`customer1@example.com`, `customer2@example.com`, …) with addresses, groups and custom
/// fields, and a disabled webhook endpoint. The import service creates the customers.
///
/// # Errors
/// [`Error::Conflict`] if the custom fields exist already.
pub async fn seed(ctx: &AdminCtx, count: usize) -> Result<()> {
    // The fixed seed creates the same customers on every machine. It must not be used for secrets.
    let random = Random::seeded(21);
    let password = Password::new(CUSTOMER_PASSWORD.into()).map_err(Error::internal)?;
    // All customers share one hash: hashing a thousand passwords would take half a minute.
    let hash = ctx.app.hasher.hash(&BackgroundJob, ctx.lane(), &password, ctx.app.random.bytes()).await?;
    for definition in definitions() {
        let definition = definition.as_object().cloned().unwrap_or_default();
        metafield::create(ctx, Write::of_job(), DefinitionInput::from(definition)).await?;
    }
    let input = EndpointInput::from(endpoint().as_object().cloned().unwrap_or_default());
    webhook::create(&ctx.stepped_up()?, Write::of_job(), input).await?;
    let now = ctx.app.clock.now();
    let records = (1..=count).map(|number| {
        // The newest customer registered an hour ago, and each older one six hours before the next.
        let age = i64::try_from(1 + 6 * (count - number)).map_err(Error::internal)?;
        Ok(record(&random, number, now - TimeDelta::hours(age), &hash))
    });
    let mut lines = (1..)
        .zip(records.collect::<Result<Vec<_>>>()?)
        .map(|(number, record)| Line { number, record: Ok(record) });
    let options = Options { create_groups: true, ..Options::default() };
    let import = Import::new(options);
    loop {
        let batch: Vec<Line> = lines.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(());
        }
        let batch = import::prepare(ctx, options, batch).await?;
        for outcome in import.write(ctx, batch).await? {
            if let ImportOutcome::Refused(problems) = outcome {
                return Err(Error::Invalid(problems));
            }
        }
    }
}

/// An example webhook endpoint. It is disabled, because a demo must not send requests to other systems.
fn endpoint() -> Value {
    json!({
        "url": "https://erp.example.com/patron",
        "description": "An example. Set your own URL and enable it to receive events.",
        "events": ["customer.*", "address.*"],
        "enabled": false,
    })
}

/// Creates a customer as a record of an import file.
fn record(random: &Random, number: usize, registered_at: DateTime<Utc>, hash: &PasswordHash) -> Record {
    let full_name = format!("{} {}", pick(random, GIVEN_NAMES), pick(random, FAMILY_NAMES));
    let registered_at = timestamp(registered_at);
    let addresses = (0..(number + 1) % 3).map(|index| address(random, &full_name, index));
    let mut record = json!({
        "uuid": random.uuid().to_string(),
        "email": format!("customer{number}@example.com"),
        "password_hash": hash.expose(),
        "status": i16::from(!number.is_multiple_of(17)),
        "group_name": GROUPS[number % GROUPS.len()],
        "created_at": registered_at,
        "updated_at": registered_at,
        "meta_data": meta_data(number),
        "addresses": addresses.collect::<Vec<_>>(),
        "full_name": full_name,
    });
    if !number.is_multiple_of(3) {
        record["email_verified_at"] = registered_at.into();
    }
    Record { fields: record.as_object().cloned().unwrap_or_default(), is_text: false }
}

/// The definitions of the custom fields: a choice, a number, a date and a colour that customers can see, and a text
/// that only admins can see.
fn definitions() -> [Value; 5] {
    let field = |namespace: &str, key: &str, name: &str, field_type: &str, options: Value| {
        let mut field = json!({
            "ownerType": "customer", "namespace": namespace, "fieldKey": key, "name": name, "fieldType": field_type,
        });
        if let (Value::Object(field), Value::Object(options)) = (&mut field, options) {
            field.extend(options);
        }
        field
    };
    let tiers = json!({"validations": [{"type": "choices", "values": TIERS}]});
    let points = json!({"validations": [{"type": "range", "min": 0}]});
    let admins_only = json!({"visibleToCustomer": false});
    [
        field("loyalty", "tier", "Tier", "short_text", tiers),
        field("loyalty", "points", "Points", "integer", points),
        field("profile", "birthday", "Birthday", "date", json!({})),
        field("profile", "favourite_colour", "Favourite colour", "color", json!({})),
        field("crm", "note", "Note", "long_text", admins_only),
    ]
}

/// Values for the custom fields of [`definitions`].
fn meta_data(number: usize) -> Value {
    let mut values = json!({
        "loyalty": {"tier": TIERS[number % TIERS.len()], "points": number * 37 % 5000},
        "profile": {"favourite_colour": COLOURS[number % COLOURS.len()]},
    });
    // One in four customers has no birthday.
    if !number.is_multiple_of(4) {
        values["profile"]["birthday"] =
            format!("{}-{:02}-{:02}", 1950 + number % 55, number % 12 + 1, number % 28 + 1).into();
    }
    if number % 10 == 1 {
        values["crm"] = json!({"note": "Prefers to be called in the afternoon."});
    }
    values
}

fn address(random: &Random, full_name: &str, index: usize) -> Value {
    let (street, postcode, city, province, country) = pick(random, PLACES);
    let [house, digits @ ..] = random.bytes::<5>();
    let digits = u32::from_be_bytes(digits) % 10_000_000;
    json!({
        "uuid": random.uuid().to_string(),
        "full_name": full_name,
        "telephone": format!("+1 555 {digits:07}"),
        "address_1": format!("{street} {}", u16::from(house) + 1),
        "address_2": (index == 1).then_some("c/o Front desk"),
        "postcode": postcode,
        "city": city,
        "province": province,
        "country": country,
        "is_default": index == 0,
    })
}

fn pick<T: Copy>(random: &Random, from: &[T]) -> T {
    let index = u32::from_be_bytes(random.bytes()) as usize % from.len();
    from[index]
}
