//! Parses and validates the fields of a customer.
//!
//! Validation reports every problem at once. The messages are those of the Customer API document.

use sea_orm::prelude::Json;
use serde_json::{Map, Value};

use crate::entity::customer_group::DEFAULT_GROUP_ID;
use crate::error::Result;
use crate::service::input::credentials::{parse_email, parse_password};
use crate::service::input::meta_data::parse_meta_data;
use crate::service::input::patch::{Field, Mode, Problems, TextMessages, as_integer};
use crate::types::{CustomerStatus, EmailAddress, Password, is_blank};

/// Maximum length of a name, in characters.
const MAX_NAME: usize = 255;

/// The customer fields of a request body. Other properties are ignored.
#[derive(Clone, Debug, Default)]
pub struct CustomerInput {
    /// 0, 1, "0" or "1"; admins only.
    pub status: Field,
    /// The group's primary key; `null` is the default group; admins only.
    pub group_id: Field,
    /// Display name.
    pub full_name: Field,
    /// E-mail address.
    pub email: Field,
    /// Password in plain text.
    pub password: Field,
    /// A JSON object; `null` empties it; admins only.
    pub meta_data: Field,
}

impl From<Map<String, Value>> for CustomerInput {
    fn from(mut body: Map<String, Value>) -> Self {
        Self {
            status: Field::take(&mut body, "status"),
            group_id: Field::take(&mut body, "group_id"),
            full_name: Field::take(&mut body, "full_name"),
            email: Field::take(&mut body, "email"),
            password: Field::take(&mut body, "password"),
            meta_data: Field::take(&mut body, "meta_data"),
        }
    }
}

/// The validated fields to set.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) status: Option<CustomerStatus>,
    pub(super) group_id: Option<i32>,
    pub(super) full_name: Option<String>,
    pub(super) email: Option<EmailAddress>,
    pub(super) password: Option<Password>,
    pub(super) meta_data: Option<Json>,
}

impl CustomerInput {
    /// Validates every field. A field that the caller may not set is ignored, even if its value is invalid.
    pub(super) fn parse(self, mode: Mode, is_admin: bool) -> Result<Changes> {
        let Self { status, group_id, full_name, email, password, meta_data } = self;
        let protected = |field| if is_admin { field } else { Field::Absent };
        let mut problems = Problems::default();
        let changes = Changes {
            status: parse_status(protected(status), &mut problems),
            full_name: parse_full_name(full_name, mode, &mut problems),
            email: parse_email(email, mode, &mut problems),
            password: parse_password(password, mode, &mut problems),
            group_id: parse_group_id(protected(group_id), &mut problems),
            meta_data: parse_meta_data(protected(meta_data), &mut problems),
        };
        problems.finish()?;
        Ok(changes)
    }
}

pub(in crate::service) fn parse_status(field: Field, problems: &mut Problems) -> Option<CustomerStatus> {
    const ENABLED: Option<CustomerStatus> = Some(CustomerStatus::Enabled);
    const DISABLED: Option<CustomerStatus> = Some(CustomerStatus::DISABLED);
    match field {
        Field::Absent => return None,
        Field::Value(Value::Number(number)) if as_integer(&number) == Some(0) => return DISABLED,
        Field::Value(Value::Number(number)) if as_integer(&number) == Some(1) => return ENABLED,
        Field::Value(Value::String(text)) if text == "0" => return DISABLED,
        Field::Value(Value::String(text)) if text == "1" => return ENABLED,
        Field::Value(Value::Number(_) | Value::String(_)) => {
            problems.add("status", "Status must be either 0, 1, '0', or '1'");
        }
        Field::Null | Field::Value(_) => problems.add("status", "Status must be a string or number"),
    }
    None
}

pub(in crate::service) fn parse_full_name(
    field: Field,
    mode: Mode,
    problems: &mut Problems,
) -> Option<String> {
    const REQUIRED: &str = "Full name is required and cannot be empty";
    let messages = TextMessages { not_a_string: "Full name must be a string", required: REQUIRED };
    let name = problems.text("full_name", field, mode, messages)?;
    if is_blank(&name) {
        problems.add("full_name", REQUIRED);
    } else if name.chars().count() > MAX_NAME {
        problems.add("full_name", format!("Full name must be at most {MAX_NAME} characters"));
    } else if name.chars().any(char::is_control) {
        problems.add("full_name", "Full name must not contain control characters");
    }
    Some(name)
}

pub(in crate::service) fn parse_group_id(field: Field, problems: &mut Problems) -> Option<i32> {
    let id = match field {
        Field::Absent => return None,
        Field::Null => return Some(DEFAULT_GROUP_ID),
        Field::Value(Value::Number(number)) => as_integer(&number).and_then(|id| id.try_into().ok()),
        Field::Value(Value::String(text)) => text.parse().ok(),
        Field::Value(_) => None,
    };
    problems.check("group_id", id.ok_or("Group id must be an integer"))
}
