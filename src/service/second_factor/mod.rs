//! Second factors of admins: one-time passwords of an authenticator app (RFC 6238), with recovery codes.
//!
//! An admin sets its factor up in two steps, so that an app that was not set up right locks no admin out: a new secret is
//! pending until a code of it was entered. From then on, a login needs a code after the password, and what can't be undone
//! needs a code of the last ten minutes (step-up). Each change is recorded in the audit trail, and the admin is notified by
//! mail. Lock order: the admin, then the counter of wrong codes, as at a login.

mod code;
mod codes;
mod enrol;
mod factor;
mod input;
mod log_in;
mod recovery;
mod remove;
mod step_up;
mod totp;

pub use codes::{codes_left, recreate_codes};
pub(crate) use enrol::NOTHING_PENDING;
pub use enrol::{Enrolment, confirm, enrol};
pub(super) use factor::is_on;
pub use factor::is_required;
pub(crate) use factor::{ALREADY_ON, NOT_ON};
pub use input::{CodeInput, EnrolmentInput, StepUpInput};
pub(super) use log_in::{CodeCheck, check_at_login};
pub use recovery::RecoveryCodes;
pub(crate) use remove::REQUIRED;
pub(super) use remove::reset;
pub use remove::turn_off;
pub(crate) use step_up::NO_SESSION;
pub use step_up::step_up;
