//! Values that are parsed once and then trusted; they are database values as well. No I/O.

mod email_address;
mod password;

pub use email_address::{EmailAddress, InvalidEmail};
pub use password::{Password, PasswordHash, WeakPassword};
