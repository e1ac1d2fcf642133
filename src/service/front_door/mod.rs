//! The front door of a running EverShop: logins, logouts and callers by the sessions of the shop (`PATRON_COMPAT=evershop`).

mod caller;
mod log_in;
mod log_out;
mod ready;

pub use caller::authenticate;
pub use log_in::{NewShopSession, log_in};
pub use log_out::log_out;
pub use ready::{ensure_ready, settings};
