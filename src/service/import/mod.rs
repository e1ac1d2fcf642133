//! Imports customers from a file, in batches, by the validation rules of the API.
//!
//! A batch is first prepared (parsed, validated, hashed) and then written in one transaction. While batches are
//! written, the next one can be prepared. The transaction checks that the groups and custom fields that the batch was
//! validated against are unchanged; if they changed, the batch is prepared again. An invalid line is refused and does
//! not stop the import. If a batch fails, nothing of it is written.
//!
//! A line whose customer exists is compared with it or, in an update, changes it: only the fields that the line has, with
//! the consequences that a change over REST has. A repeated line changes nothing.

mod account;
mod addresses;
mod batch_names;
mod by_email;
mod draft;
mod earlier_lines;
mod existing_records;
mod fields;
mod groups;
mod insert;
mod new_password;
mod owners;
mod plan;
mod prepare;
mod times;
mod turn;
mod update;
mod values;
mod write;

use serde_json::{Map, Value};

pub use batch_names::BatchNames;
pub use prepare::{Batch, prepare};
pub use turn::{Turn, Turns};
pub use write::Import;

use crate::error::Problem;

/// Recommended number of lines per batch: large enough to spread the cost of the commit, small enough that other
/// writers don't wait long.
pub const BATCH: usize = 500;

/// The message for a new customer without a password, unless the options allow it.
pub const NO_PASSWORD: &str = "Password is required and cannot be empty";

/// Options of an import.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Write nothing, but report the outcome of every line as if it had been written.
    pub dry_run: bool,
    /// Create groups that the file names and that don't exist. Otherwise the lines with such a group are refused.
    pub create_groups: bool,
    /// Change customers that exist. Otherwise a line that differs from its customer is refused.
    pub update: bool,
    /// Create customers without a password. They can't log in until they set one by a mailed link.
    pub invite: bool,
    /// Mail the enabled customers of the file that have no password a link to set one.
    pub send_invitations: bool,
}

/// One line of the file.
#[derive(Debug)]
pub struct Line {
    /// The line number, from 1.
    pub number: u64,
    /// The customer on this line, or the reason why the line can't be read.
    pub record: std::result::Result<Record, String>,
}

/// A customer as it appears in a file, with the fields of [`Record::FIELDS`].
#[derive(Clone)]
pub struct Record {
    /// The values by field name.
    pub fields: Map<String, Value>,
    /// Whether the values of custom fields are texts whatever their type, because the format has no other values (CSV).
    pub is_text: bool,
}

/// Prints only the names of the fields, because some values are passwords.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}

impl Record {
    /// The field names of a customer.
    pub const FIELDS: &[&str] = &[
        "uuid",
        "status",
        "group_id",
        "group_name",
        "full_name",
        "email",
        "password",
        "password_hash",
        "email_verified_at",
        "created_at",
        "updated_at",
        "meta_data",
        "metafields",
        "addresses",
    ];
    /// The field names of an address of a customer.
    pub const ADDRESS_FIELDS: &[&str] = &[
        "uuid",
        "full_name",
        "telephone",
        "address_1",
        "address_2",
        "postcode",
        "city",
        "province",
        "country",
        "is_default",
    ];
}

/// The outcome of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// The customer was created.
    Created,
    /// The customer already exists with the same data. The password is compared only in an update.
    Unchanged,
    /// The customer existed and was changed, with the names of the changed fields.
    Updated(Vec<String>),
    /// The line is invalid, with all problems; nothing of it was written.
    Refused(Vec<Problem>),
}
