//! Parses and validates one line of an import file.
//!
//! Fields that the API has as well are validated by the same functions. Validation reports every problem of a line at
//! once, including unknown fields.

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::prelude::Json;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Record;
use crate::app::ctx::Ctx;
use crate::error::{Error, Problem};
use crate::service::address::{self, AddressInput, MAX_ADDRESSES};
use crate::service::customer as rules;
use crate::service::input::patch::{Field, Mode, Problems};
use crate::service::input::{credentials, meta_data};
use crate::types::{CustomerStatus, EmailAddress, Password, PasswordHash, first_characters};

/// A validated line. A field that the line omits is `None`; a new customer gets the default for it.
#[derive(Clone, Debug)]
pub(super) struct CustomerDraft {
    pub(super) uuid: Option<Uuid>,
    pub(super) status: Option<CustomerStatus>,
    pub(super) group: Option<Group>,
    pub(super) full_name: String,
    pub(super) email: EmailAddress,
    pub(super) secret: Secret,
    pub(super) email_verified_at: Option<DateTime<Utc>>,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) updated_at: Option<DateTime<Utc>>,
    pub(super) meta_data: Option<Json>,
    pub(super) metafields: Option<Map<String, Value>>,
    pub(super) addresses: Option<Vec<ImportedAddress>>,
}

/// The group that a line assigns the customer to.
#[derive(Clone, Debug)]
pub(super) enum Group {
    /// By primary key.
    Id(i32),
    /// By name.
    Named(String),
}

/// The credential that a line sets.
#[derive(Clone, Debug)]
pub(super) enum Secret {
    /// A password that still has to be hashed.
    Password(Password),
    /// A password hash of patron or another system.
    Hash(PasswordHash),
}

/// A validated address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImportedAddress {
    pub(super) uuid: Option<Uuid>,
    pub(super) draft: address::AddressDraft,
}

impl CustomerDraft {
    /// Validates everything that can be validated without the database.
    pub(super) fn parse(ctx: &Ctx, record: Record) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut fields = record.fields;
        let mut take = |name: &str| Field::take(&mut fields, name);
        let uuid = parse_uuid("uuid", take("uuid"), &mut problems);
        let status = rules::parse_status(take("status"), &mut problems);
        let group = parse_group(take("group_id"), take("group_name"), &mut problems);
        let full_name = rules::parse_full_name(take("full_name"), Mode::Create, &mut problems);
        let email = credentials::parse_email(take("email"), Mode::Create, &mut problems);
        let secret = parse_secret(ctx, take("password"), take("password_hash"), &mut problems);
        let times = Times::parse(ctx, &mut take, &mut problems);
        let meta_data = meta_data::parse_meta_data(take("meta_data"), &mut problems);
        let metafields = match take("metafields") {
            Field::Absent | Field::Null => None,
            Field::Value(Value::Object(given)) => Some(given),
            Field::Value(_) => {
                problems.add("metafields", "Custom fields must be an object");
                None
            }
        };
        let addresses = parse_addresses(take("addresses"), &mut problems);
        report_unknown_fields("", &fields, &mut problems);
        let required = problems.finish_with(full_name.zip(email).zip(secret));
        let ((full_name, email), secret) = required.map_err(problems_of)?;
        Ok(Self {
            uuid,
            status,
            group,
            full_name,
            email,
            secret,
            email_verified_at: times.email_verified_at,
            created_at: times.created_at,
            updated_at: times.updated_at,
            meta_data,
            metafields,
            addresses,
        })
    }
}

/// Turns a validation error into its problems, because a refused line is an outcome of the import and not a failure.
pub(super) fn problems_of(error: Error) -> Vec<Problem> {
    match error {
        Error::Invalid(problems) => problems,
        other => vec![Problem::new("", other.to_string())],
    }
}

/// Adds a problem for each of the first ten unknown fields: a misspelled field would otherwise be lost silently.
fn report_unknown_fields(path: &str, unknown: &Map<String, Value>, problems: &mut Problems) {
    for name in unknown.keys().take(10) {
        let name = first_characters(name, 64);
        problems.add(&format!("{path}{name}"), "There is no such field");
    }
}

fn parse_uuid(name: &str, field: Field, problems: &mut Problems) -> Option<Uuid> {
    match field {
        Field::Absent | Field::Null => None,
        Field::Value(Value::String(text)) => {
            problems.check(name, Uuid::parse_str(&text).map_err(|_| "Uuid must be a UUID"))
        }
        Field::Value(_) => {
            problems.add(name, "Uuid must be a UUID");
            None
        }
    }
}

fn parse_group(id: Field, name: Field, problems: &mut Problems) -> Option<Group> {
    match (id, name) {
        (id, Field::Absent | Field::Null) => rules::parse_group_id(id, problems).map(Group::Id),
        (Field::Absent | Field::Null, Field::Value(Value::String(name))) => Some(Group::Named(name)),
        (Field::Absent | Field::Null, Field::Value(_)) => {
            problems.add("group_name", "Group name must be a string");
            None
        }
        (Field::Value(_), Field::Value(_)) => {
            problems.add("group_name", "Give the group's id or its name, not both");
            None
        }
    }
}

fn parse_secret(ctx: &Ctx, password: Field, hash: Field, problems: &mut Problems) -> Option<Secret> {
    match (password, hash) {
        (password, Field::Absent | Field::Null) => {
            credentials::parse_password(password, Mode::Create, problems).map(Secret::Password)
        }
        (Field::Absent | Field::Null, Field::Value(Value::String(hash))) => {
            problems.check("password_hash", ctx.app.hasher.parse_hash(&hash)).map(Secret::Hash)
        }
        (Field::Absent | Field::Null, Field::Value(_)) => {
            problems.add("password_hash", "Password hash must be a string");
            None
        }
        (Field::Value(_), Field::Value(_)) => {
            problems.add("password_hash", "Give a password or its hash, not both");
            None
        }
    }
}

/// The timestamps of a line, from another system or from an export of patron.
struct Times {
    email_verified_at: Option<DateTime<Utc>>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

impl Times {
    fn parse(ctx: &Ctx, take: &mut impl FnMut(&str) -> Field, problems: &mut Problems) -> Self {
        let now = ctx.app.clock.now();
        let mut time = |name: &str| match take(name) {
            Field::Absent | Field::Null => None,
            Field::Value(Value::String(text)) => match DateTime::parse_from_rfc3339(&text) {
                Ok(time) if time <= now && time.timestamp() >= 0 => Some(time.to_utc().trunc_subsecs(3)),
                Ok(_) => {
                    problems.add(name, format!("{name} must be between 1970 and now"));
                    None
                }
                Err(_) => {
                    problems.add(name, format!("{name} must be a time such as 2026-01-31T12:00:00Z"));
                    None
                }
            },
            Field::Value(_) => {
                problems.add(name, format!("{name} must be a time such as 2026-01-31T12:00:00Z"));
                None
            }
        };
        let (email_verified_at, created_at) = (time("email_verified_at"), time("created_at"));
        let updated_at = time("updated_at");
        if let (Some(created_at), Some(updated_at)) = (created_at, updated_at)
            && updated_at < created_at
        {
            problems.add("updated_at", "updated_at must not be before created_at");
        }
        Self { email_verified_at, created_at, updated_at }
    }
}

fn parse_addresses(field: Field, problems: &mut Problems) -> Option<Vec<ImportedAddress>> {
    let items = match field {
        Field::Absent | Field::Null => return None,
        Field::Value(Value::Array(items)) => items,
        Field::Value(_) => {
            problems.add("addresses", "Addresses must be a list");
            return None;
        }
    };
    if items.len() as u64 > MAX_ADDRESSES {
        problems.add("addresses", format!("A customer has at most {MAX_ADDRESSES} addresses"));
        return None;
    }
    let mut addresses = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let path = format!("addresses.{}.", index + 1);
        let Value::Object(mut fields) = item else {
            problems.add(path.trim_end_matches('.'), "An address must be an object");
            continue;
        };
        let uuid = parse_uuid(&format!("{path}uuid"), Field::take(&mut fields, "uuid"), problems);
        let is_known = |(name, _): &(String, Value)| Record::ADDRESS_FIELDS.contains(&name.as_str());
        let (known, unknown): (Map<_, _>, Map<_, _>) = fields.into_iter().partition(is_known);
        report_unknown_fields(&path, &unknown, problems);
        match AddressInput::from(known).merge(address::AddressDraft::default()) {
            Ok(draft) => addresses.push(ImportedAddress { uuid, draft }),
            Err(error) => {
                for problem in problems_of(error) {
                    problems.add(&format!("{path}{}", problem.field), problem.message);
                }
            }
        }
    }
    if addresses.iter().filter(|address| address.draft.is_default).count() > 1 {
        problems.add("addresses", "Only one address can be the default");
    }
    // The order of the database queries: the default first, then by age.
    addresses.sort_by_key(|address| !address.draft.is_default);
    Some(addresses)
}
