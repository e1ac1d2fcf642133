//! Parses and validates the input of webhook endpoints. All validation errors are reported at once.

use sea_orm::ActiveValue::Set;
use serde_json::{Value, json};

use crate::app::ctx::Ctx;
use crate::entity::webhook_endpoint::{ActiveModel, Model};
use crate::error::{Error, Result};
use crate::input;
use crate::service::input::patch::{Field, Mode, Problems, TextMessages, as_integer};
use crate::service::input::property::Rule;
use crate::service::input::text::{MAX_LINE, TextRule};
use crate::service::journal::kinds;

/// The maximum length of a URL, in characters.
const MAX_URL: usize = 2048;
/// The maximum number of event filters.
const MAX_EVENTS: usize = 50;
/// The default time that the previous secret stays valid, in seconds: a day.
const DEFAULT_OVERLAP: i64 = 24 * 60 * 60;
/// The maximum time that the previous secret stays valid, in seconds: a week.
pub(super) const MAX_OVERLAP: i64 = 7 * 24 * 60 * 60;

const DESCRIPTION: TextRule = TextRule::line("Description", MAX_LINE);

input! {
    /// The endpoint fields of a request body. Other properties are ignored.
    pub struct EndpointInput {
        /// URL that receives the events: `https://`, and not a private address.
        url: "url" = Rule::Url { max: MAX_URL }, [required], "\"https://erp.example.com/hooks/customers\"";
        /// Description, at most 255 characters; `null` empties it.
        description: "description" = Rule::Line(DESCRIPTION), [], "\"ERP\"";
        /// Events to receive: names, all events of a noun (`customer.*`), or all events (`*`, the default).
        events: "events" = Rule::Texts { min: 1, max: MAX_EVENTS }, [], "[\"customer.*\", \"address.*\"]";
        /// Whether the endpoint receives events; the default is true. Pending deliveries continue when it is enabled again.
        enabled: "enabled" = Rule::Boolean, [not_null], "true";
    }
}

input! {
    /// The input of a secret rotation.
    pub struct RotationInput {
        /// Seconds in which deliveries are signed with the previous secret as well: at most a week, by default a day.
        overlap_seconds: "overlap_seconds" = Rule::Integer { min: 0, max: MAX_OVERLAP }, [], "86400";
    }
}

/// A validated endpoint, without uuid, secret and timestamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EndpointDraft {
    url: String,
    description: String,
    events: Vec<String>,
    enabled: bool,
}

impl Default for EndpointDraft {
    fn default() -> Self {
        Self { url: String::new(), description: String::new(), events: vec!["*".to_owned()], enabled: true }
    }
}

impl From<&Model> for EndpointDraft {
    fn from(row: &Model) -> Self {
        Self {
            url: row.url.clone(),
            description: row.description.clone(),
            events: row.event_filters().map(str::to_owned).collect(),
            enabled: row.enabled,
        }
    }
}

impl EndpointDraft {
    /// Whether both send the same events to the same URL.
    pub(super) fn sends_as(&self, other: &Self) -> bool {
        (&self.url, &self.events) == (&other.url, &other.events)
    }

    pub(super) fn fill(self, row: &mut ActiveModel) {
        row.url = Set(self.url);
        row.description = Set(self.description);
        row.events = Set(json!(self.events));
        row.enabled = Set(self.enabled);
    }
}

impl EndpointInput {
    /// Merges this input into `current` and validates the result.
    pub(super) fn merge(self, ctx: &Ctx, mode: Mode, current: EndpointDraft) -> Result<EndpointDraft> {
        let Self { url, description, events, enabled } = self;
        let mut problems = Problems::default();
        let messages = TextMessages { not_a_string: "URL must be a string", required: "URL is required" };
        let url = match problems.text("url", url, mode, messages) {
            Some(text) => problems.check("url", parse_url(ctx, &text)).unwrap_or(text),
            None => {
                // The stored URL is checked again, because the allowed networks may have changed.
                if !problems.has_field("url")
                    && let Err(error) = ctx.app.webhook_client.check(&current.url)
                {
                    problems.add("url", format!("URL {error}"));
                }
                current.url
            }
        };
        let description = match description {
            Field::Absent => current.description,
            Field::Null => String::new(),
            Field::Value(Value::String(text)) if DESCRIPTION.check(&text).is_ok() => text,
            Field::Value(_) => {
                let message = format!(
                    "Description must be a string of at most {MAX_LINE} characters, without control characters"
                );
                problems.add("description", message);
                String::new()
            }
        };
        let events = match events {
            Field::Absent => current.events,
            Field::Null => vec!["*".to_owned()],
            Field::Value(value) => parse_events(value, &mut problems),
        };
        let enabled = match enabled {
            Field::Absent => current.enabled,
            Field::Value(Value::Bool(enabled)) => enabled,
            Field::Null | Field::Value(_) => {
                problems.add("enabled", "Enabled must be true or false");
                false
            }
        };
        problems.finish()?;
        Ok(EndpointDraft { url, description, events, enabled })
    }
}

/// Validates a URL and returns it in its parsed form, which is what the webhook client uses. A URL parser drops line
/// breaks and tabs, so the typed form could differ from the real target.
fn parse_url(ctx: &Ctx, text: &str) -> std::result::Result<String, String> {
    if text.chars().count() > MAX_URL {
        return Err(format!("URL must be at most {MAX_URL} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("URL must not contain control characters".to_owned());
    }
    let url = ctx.app.webhook_client.check(text).map_err(|error| format!("URL {error}"))?.to_string();
    // Percent-encoding makes non-ASCII characters longer.
    if url.len() > MAX_URL {
        return Err(format!("URL must be at most {MAX_URL} characters, with %-escapes"));
    }
    Ok(url)
}

fn parse_events(value: Value, problems: &mut Problems) -> Vec<String> {
    let events: Option<Vec<String>> = match value {
        Value::Array(items) => items.into_iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let Some(events) = events.filter(|events| (1..=MAX_EVENTS).contains(&events.len())) else {
        problems.add("events", format!("Events must be a list of 1 to {MAX_EVENTS} strings"));
        return Vec::new();
    };
    if let Err(Error::Invalid(invalid)) = kinds("events", &events) {
        invalid.into_iter().for_each(|problem| problems.add("events", problem.message));
    }
    events
}

impl RotationInput {
    pub(super) fn parse(self) -> Result<i64> {
        let overlap = match self.overlap_seconds {
            Field::Absent | Field::Null => Some(DEFAULT_OVERLAP),
            Field::Value(Value::Number(number)) => as_integer(&number),
            Field::Value(_) => None,
        };
        overlap.filter(|overlap| (0..=MAX_OVERLAP).contains(overlap)).ok_or_else(|| {
            Error::invalid(
                "overlap_seconds",
                format!("Overlap must be a whole number from 0 to {MAX_OVERLAP}"),
            )
        })
    }
}
