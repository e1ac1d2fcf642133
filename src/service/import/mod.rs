//! Customers from a file: many in one transaction, each by the rules of the API.
//!
//! A batch is prepared (parsed, validated, hashed) and then written; while one is written, the next can be prepared.
//! What a batch was validated by is looked at again in the transaction: when it has changed, the batch is prepared anew.

mod account;
mod draft;
mod existing_records;
mod groups;
mod prepare;
mod write;

use serde_json::{Map, Value};

pub use prepare::{Batch, prepare};
pub use write::Import;

use crate::error::Problem;

/// How many customers are best written together: enough that the commit costs little, and few enough that other
/// writers don't wait long.
pub const BATCH: usize = 500;

/// What an import may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Nothing is written, and everything is told as if it were.
    pub dry_run: bool,
    /// A group that is named and missing is made; otherwise its customers are refused.
    pub create_groups: bool,
}

/// A line of the file.
#[derive(Debug)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// What it says, or why it can't be read.
    pub record: std::result::Result<Record, String>,
}

/// A customer as a file describes it; [`Record::FIELDS`] are its fields.
#[derive(Clone)]
pub struct Record {
    /// Its fields by name.
    pub fields: Map<String, Value>,
    /// Whether custom fields are texts, whatever their type, because the format knows nothing else (CSV).
    pub is_text: bool,
}

/// Without the values: some are passwords.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.fields.keys()).finish()
    }
}

impl Record {
    /// The fields of a customer.
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
    /// The fields of each of its addresses.
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

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// There is a new customer.
    Created,
    /// There is this very customer already: the line was imported before. Its password is not compared.
    Unchanged,
    /// It breaks rules, all of which are listed; nothing of it was written.
    Refused(Vec<Problem>),
}
