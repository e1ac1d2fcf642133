//! Customers to try patron with: the same ones every time.

use chrono::TimeDelta;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde_json::{Value, json};

use crate::ctx::Ctx;
use crate::entity::{customer, customer_address, customer_group};
use crate::error::{Error, Result};
use crate::service::customer::search_text_of;
use crate::service::metafield::{self, DefinitionInput};
use crate::system::Random;
use crate::transact;
use crate::types::{EmailAddress, Password};

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
const GROUPS: &[&str] = &["Wholesale", "VIP"];
const TIERS: &[&str] = &["bronze", "silver", "gold"];
const COLOURS: &[&str] = &["#0f5c63", "#a3271f", "#e0a526", "#5b4b8a", "#17693d"];

/// Makes `count` customers, `customer1@example.com` and on, with addresses and groups, in one transaction, and
/// custom fields.
///
/// # Errors
/// [`Error::EmailTaken`] when they are there already.
pub async fn seed(ctx: &Ctx, count: usize) -> Result<()> {
    ctx.require_admin()?;
    // Not for secrets: a seed that is known makes the same people on every machine.
    let random = Random::seeded(21);
    let password = Password::new(CUSTOMER_PASSWORD.into()).map_err(Error::internal)?;
    // One hash for all: a thousand would take half a minute.
    let hash = ctx.app.hasher.hash(&password, ctx.app.random.bytes()).await?;
    for definition in definitions() {
        let definition = definition.as_object().cloned().unwrap_or_default();
        metafield::create(ctx, DefinitionInput::from(definition)).await?;
    }
    let now = ctx.app.clock.now();
    let mut customers = Vec::new();
    for number in 1..=count {
        let (given, family) = (pick(&random, GIVEN_NAMES), pick(&random, FAMILY_NAMES));
        let full_name = format!("{given} {family}");
        let email = EmailAddress::parse(&format!("customer{number}@example.com")).map_err(Error::internal)?;
        // The last one registered an hour ago, the one before it six hours earlier, and so on.
        let age = TimeDelta::hours(1)
            + TimeDelta::hours(6) * i32::try_from(count - number).map_err(Error::internal)?;
        customers.push(customer::ActiveModel {
            uuid: Set(random.uuid()),
            status: Set(i16::from(number % 17 != 0)),
            // One in five is a wholesaler, one in five a VIP; the group ids follow the default's.
            group_id: Set(Some(if number % 5 < 2 { 2 + i32::from(number % 5 == 1) } else { 1 })),
            search_text: Set(search_text_of(&full_name, &email)),
            email: Set(email),
            password: Set(hash.clone()),
            full_name: Set(full_name),
            created_at: Set(now - age),
            updated_at: Set(now - age),
            meta_data: Set(meta_data(number)),
            version: Set(1),
            token_generation: Set(0),
            email_verified_at: Set((number % 3 != 0).then_some(now - age)),
            ..Default::default()
        });
    }
    transact!(ctx.app.db, |tx| {
        for name in GROUPS {
            let group = customer_group::ActiveModel {
                uuid: Set(random.uuid()),
                group_name: Set((*name).to_owned()),
                created_at: Set(now),
                updated_at: Set(now),
                ..Default::default()
            };
            group.insert(tx).await?;
        }
        for (chunk, rows) in customers.chunks(250).enumerate() {
            let inserted = customer::Entity::insert_many(rows.to_vec());
            let inserted = inserted.exec_with_returning(tx).await?;
            let addresses = inserted.iter().enumerate().flat_map(|(row, customer)| {
                let number = chunk * 250 + row;
                (0..(number + 2) % 3).map(|nth| address(&random, customer, nth)).collect::<Vec<_>>()
            });
            customer_address::Entity::insert_many(addresses).exec_without_returning(tx).await?;
        }
        Ok(())
    })
}

/// Custom fields: a choice, a number, a day and a colour that customers see, and a text that only admins do.
fn definitions() -> [Value; 5] {
    let field = |namespace: &str, key: &str, name: &str, field_type: &str, more: Value| {
        let mut field = json!({
            "ownerType": "customer", "namespace": namespace, "fieldKey": key, "name": name, "fieldType": field_type,
        });
        if let (Value::Object(field), Value::Object(more)) = (&mut field, more) {
            field.extend(more);
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

/// Values of the custom fields, as the definitions above ask for them.
fn meta_data(number: usize) -> Value {
    let mut values = json!({
        "loyalty": {"tier": TIERS[number % TIERS.len()], "points": number * 37 % 5000},
        "profile": {"favourite_colour": COLOURS[number % COLOURS.len()]},
    });
    // Not everybody says.
    if !number.is_multiple_of(4) {
        values["profile"]["birthday"] =
            format!("{}-{:02}-{:02}", 1950 + number % 55, number % 12 + 1, number % 28 + 1).into();
    }
    if number % 10 == 1 {
        values["crm"] = json!({"note": "Prefers to be called in the afternoon."});
    }
    values
}

fn address(random: &Random, customer: &customer::Model, nth: usize) -> customer_address::ActiveModel {
    let (street, postcode, city, province, country) = pick(random, PLACES);
    let [house, digits @ ..] = random.bytes::<5>();
    let digits = u32::from_be_bytes(digits) % 10_000_000;
    customer_address::ActiveModel {
        uuid: Set(random.uuid()),
        customer_id: Set(customer.customer_id),
        full_name: Set(Some(customer.full_name.clone())),
        telephone: Set(Some(format!("+1 555 {digits:07}"))),
        address_1: Set(Some(format!("{street} {}", u16::from(house) + 1))),
        address_2: Set((nth == 1).then(|| "c/o Front desk".to_owned())),
        postcode: Set(Some(postcode.to_owned())),
        city: Set(Some(city.to_owned())),
        province: Set(Some(province.to_owned())),
        country: Set(country.to_owned()),
        is_default: Set(nth == 0),
        created_at: Set(customer.created_at),
        updated_at: Set(customer.created_at),
        ..Default::default()
    }
}

fn pick<T: Copy>(random: &Random, from: &[T]) -> T {
    let index = u32::from_be_bytes(random.bytes()) as usize % from.len();
    from[index]
}
