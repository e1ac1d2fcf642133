//! Value types. A value is validated when it is parsed, so code that has one can trust it. Most of them are also column
//! types of the database. No I/O.

mod address_key;
mod audience;
mod boolean;
mod color;
mod customer_status;
mod email_address;
mod event;
mod if_match;
mod json_number;
mod mail;
mod network;
mod password;
mod search_text;
mod text;
mod timestamp;
mod token_hash;
mod trigrams;
mod verified_token;
mod webhook;

pub use address_key::{AddressTexts, place_key, postcode_key, telephone_key};
pub use audience::Audience;
pub use boolean::boolean_of_text;
pub use color::Color;
pub use customer_status::CustomerStatus;
pub(crate) use email_address::ascii_domain;
pub use email_address::{EmailAddress, InvalidEmail, MAX_EMAIL_BYTES};
pub use event::{Actor, EventKind, UnknownEvent, filter_matches};
pub use if_match::{IfMatch, entity_tag, next_version, read_entity_tags};
pub use json_number::{inexact_number, inexact_property};
pub use mail::{MailKind, MailStatus};
pub use network::rate_limit_key;
pub use password::{
    MAX_BCRYPT_BYTES, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARACTERS, Password, PasswordHash, WeakPassword,
    to_nfc,
};
pub use search_text::search_text;
pub(crate) use text::{first_characters, is_invisible};
pub use text::{fold, is_blank};
pub use timestamp::{InvalidTimestamp, parse_rfc3339, timestamp};
pub(crate) use timestamp::{is_leap_second, is_storable};
pub use token_hash::TokenHash;
pub use trigrams::{Trigrams, trigrams};
pub use verified_token::VerifiedToken;
pub use webhook::DeliveryStatus;
