//! The timestamps of a line, from another system or from an export of patron.

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::Value;

use crate::app::ctx::Ctx;
use crate::service::input::patch::{Field, Problems};
use crate::types::{InvalidTimestamp, parse_rfc3339};

/// The timestamps of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) email_verified_at: Option<DateTime<Utc>>,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) updated_at: Option<DateTime<Utc>>,
}

impl Times {
    pub(super) fn parse(ctx: &Ctx, take: &mut impl FnMut(&str) -> Field, problems: &mut Problems) -> Self {
        let now = ctx.app.clock.now();
        let mut time = |name: &str| match take(name) {
            Field::Absent | Field::Null => None,
            Field::Value(Value::String(text)) => match parse_rfc3339(&text) {
                Ok(time) if time <= now && time.timestamp() >= 0 => Some(time.trunc_subsecs(3)),
                Ok(_) => {
                    problems.add(name, format!("{name} must be between 1970 and now"));
                    None
                }
                Err(reason) => {
                    problems.add(name, format!("{name} {reason}"));
                    None
                }
            },
            Field::Value(_) => {
                problems.add(name, format!("{name} {}", InvalidTimestamp::Malformed));
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
