//! Parses and validates one line of an import file.
//!
//! Fields that the API has as well are validated by the same functions. Validation reports every problem of a line at
//! once, including unknown fields. A line that may change an existing customer need not have the fields that a new customer
//! needs; if there is no such customer, they are required after all.

use sea_orm::prelude::Json;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::addresses::{ImportedAddress, complete_addresses, parse_addresses};
use super::fields::{parse_uuid, problems_of, report_unknown_fields};
use super::times::Times;
use super::{NO_PASSWORD, Options, Record};
use crate::app::ctx::Ctx;
use crate::error::Problem;
use crate::service::address::GivenAddress;
use crate::service::customer as rules;
use crate::service::input::patch::{Field, Mode, Problems};
use crate::service::input::{credentials, meta_data};
use crate::types::{CustomerStatus, EmailAddress, Password, PasswordHash};

/// A validated line. A field that the line omits is `None`.
#[derive(Clone, Debug)]
pub(super) struct CustomerDraft {
    pub(super) uuid: Option<Uuid>,
    pub(super) status: Option<CustomerStatus>,
    pub(super) group: Option<Group>,
    pub(super) full_name: Option<String>,
    pub(super) email: Option<EmailAddress>,
    pub(super) secret: Option<Secret>,
    pub(super) times: Times,
    pub(super) meta_data: Option<Json>,
    pub(super) metafields: Option<Map<String, Value>>,
    /// Whether the values of custom fields are texts whatever their type.
    pub(super) is_text: bool,
    pub(super) addresses: Option<Vec<GivenAddress>>,
    /// What a new customer needs. `None` in an update, until [`complete`](Self::complete).
    pub(super) new: Option<NewCustomer>,
}

/// What a new customer needs, and what a line has unless it changes an existing customer.
#[derive(Clone, Debug)]
pub(super) struct NewCustomer {
    pub(super) full_name: String,
    pub(super) email: EmailAddress,
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

impl CustomerDraft {
    /// Validates everything that can be validated without the database.
    pub(super) fn parse(ctx: &Ctx, options: Options, record: Record) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mode = if options.update { Mode::Update } else { Mode::Create };
        let mut fields = record.fields;
        let mut take = |name: &str| Field::take(&mut fields, name);
        let mut draft = Self {
            uuid: parse_uuid("uuid", take("uuid"), &mut problems),
            status: rules::parse_status(take("status"), &mut problems),
            group: parse_group(take("group_id"), take("group_name"), &mut problems),
            full_name: rules::parse_full_name(take("full_name"), mode, &mut problems),
            email: credentials::parse_email(take("email"), mode, &mut problems),
            secret: parse_secret(ctx, take("password"), take("password_hash"), &mut problems),
            times: Times::parse(ctx, &mut take, &mut problems),
            meta_data: meta_data::parse_meta_data(take("meta_data"), &mut problems),
            metafields: parse_metafields(take("metafields"), &mut problems),
            is_text: record.is_text,
            addresses: parse_addresses(take("addresses"), &mut problems),
            new: None,
        };
        report_unknown_fields("", &fields, &mut problems);
        if options.update {
            if draft.email.is_none() && draft.uuid.is_none() && !problems.has_field("email") {
                problems.add("email", "Email or uuid is required, to find the customer");
            }
        } else {
            draft.new = draft.complete(&mut problems);
        }
        let is_refused = !problems.is_empty();
        if is_refused && draft.secret.is_none() && !options.update && !options.invite {
            // With other problems, it does not matter whether the customer exists, in which case no password is needed.
            let has_problem = problems.has_field("password") || problems.has_field("password_hash");
            if !has_problem {
                problems.add("password", NO_PASSWORD);
            }
        }
        problems.finish().map_err(problems_of)?;
        Ok(draft)
    }

    /// Validates what a new customer needs, except for its password.
    pub(super) fn complete(&self, problems: &mut Problems) -> Option<NewCustomer> {
        let full_name = self.full_name.clone();
        let given = self.addresses.as_deref();
        let addresses = given.map(|given| complete_addresses(given, full_name.as_deref(), problems));
        if full_name.is_none() && !problems.has_field("full_name") {
            problems.add("full_name", "Full name is required and cannot be empty");
        }
        if self.email.is_none() && !problems.has_field("email") {
            problems.add("email", "Email is required");
        }
        Some(NewCustomer { full_name: full_name?, email: self.email.clone()?, addresses })
    }
}

fn parse_metafields(field: Field, problems: &mut Problems) -> Option<Map<String, Value>> {
    match field {
        Field::Absent | Field::Null => None,
        Field::Value(Value::Object(given)) => Some(given),
        Field::Value(_) => {
            problems.add("metafields", "Custom fields must be an object");
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

/// The password or its hash. An export has an empty hash for a customer without a password.
fn parse_secret(ctx: &Ctx, password: Field, hash: Field, problems: &mut Problems) -> Option<Secret> {
    let hash = if hash == Field::Value(Value::String(String::new())) { Field::Absent } else { hash };
    match (password, hash) {
        (password, Field::Absent | Field::Null) => {
            credentials::parse_password(ctx, password, Mode::Update, problems).map(Secret::Password)
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
