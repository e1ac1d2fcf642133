//! Parses and validates the fields of a customer.
//!
//! Validation reports every problem at once. The messages are those of the Customer API document.

use sea_orm::prelude::Json;
use serde_json::Value;

use crate::app::ctx::Ctx;
use crate::entity::customer_group::DEFAULT_GROUP_ID;
use crate::error::Result;
use crate::input;
use crate::service::input::credentials::{parse_email, parse_password};
use crate::service::input::meta_data::parse_meta_data;
use crate::service::input::patch::{Field, Mode, Problems, TextMessages, as_integer};
use crate::service::input::property::Rule;
use crate::service::input::text::TextRule;
use crate::types::{CustomerStatus, EmailAddress, Password};

const FULL_NAME: TextRule = TextRule::name("Full name");

input! {
    /// The customer fields of a request body. Other properties are ignored.
    pub struct CustomerInput {
        /// 1 enabled, 0 disabled. Disabling ends all sessions of the customer. Admins only, ignored from other callers.
        status: "status" = Rule::Named("StatusInput"), [not_null], "1";
        /// Primary key of the group; `null` is the default group. Admins only, ignored from other callers.
        group_id: "group_id" = Rule::Named("GroupIdInput"), [], "1";
        /// Display name, at most 255 characters.
        full_name: "full_name" = Rule::Line(FULL_NAME), [required], "\"John Smith\"";
        /// E-mail address. It is unique, regardless of case and of the encoding of its domain.
        email: "email" = Rule::Email, [required], "\"john.smith@example.com\"";
        /// Password: 8 characters to 1024 bytes, not a common password. Setting it ends all sessions of the customer.
        password: "password" = Rule::NewPassword, [required], "\"correct horse battery\"";
        /// Free-form data of the back office; `null` empties it. Admins only, ignored from other callers.
        meta_data: "meta_data" = Rule::Object, [], "{\"erp\": {\"id\": \"C-1024\"}}";
    }
}

input! {
    /// What customers may change of their own account. At least one property is required; others are ignored.
    pub struct ProfileInput {
        /// Display name, at most 255 characters.
        full_name: "full_name" = Rule::Line(FULL_NAME), [not_null], "\"John A. Smith\"";
        /// New e-mail address. It takes effect when the link mailed to it is opened.
        email: "email" = Rule::Email, [not_null], "\"john.smith@example.com\"";
    }
}

input! {
    /// The current password, as confirmation.
    pub struct Confirmation {
        /// Password of the account.
        password: "password" = Rule::Password, [required], "\"correct horse battery\"";
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
    pub(super) fn parse(self, ctx: &Ctx, mode: Mode) -> Result<Changes> {
        let Self { status, group_id, full_name, email, password, meta_data } = self;
        let protected = |field| if ctx.is_admin() { field } else { Field::Absent };
        let mut problems = Problems::default();
        let changes = Changes {
            status: parse_status(protected(status), &mut problems),
            full_name: parse_full_name(full_name, mode, &mut problems),
            email: parse_email(email, mode, &mut problems),
            password: parse_password(ctx, password, mode, &mut problems),
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
    let messages = TextMessages {
        not_a_string: "Full name must be a string",
        required: "Full name is required and cannot be empty",
    };
    FULL_NAME.parse("full_name", field, mode, messages, problems)
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
