//! The one rule for names and other texts of one line.

use super::patch::{Field, Mode, Problems, TextMessages};
use crate::types::is_blank;

/// The maximum length of names and of most other texts, in characters.
pub const MAX_LINE: usize = 255;

/// The rule for a text of one line: no control characters, a maximum length, and whether it may be blank.
#[derive(Clone, Copy, Debug)]
pub struct TextRule {
    /// The name of the field in messages.
    pub label: &'static str,
    /// The maximum length, in characters.
    pub max: usize,
    /// Whether a blank text is accepted.
    pub may_be_blank: bool,
}

impl TextRule {
    /// A name: not blank, at most [`MAX_LINE`] characters.
    pub const fn name(label: &'static str) -> Self {
        Self { label, max: MAX_LINE, may_be_blank: false }
    }

    /// A text that may be blank, of at most this many characters.
    pub const fn line(label: &'static str, max: usize) -> Self {
        Self { label, max, may_be_blank: true }
    }

    /// Checks the length and the characters of a text.
    ///
    /// # Errors
    /// The message.
    pub fn check(&self, text: &str) -> Result<(), String> {
        let Self { label, max, .. } = self;
        if text.chars().count() > *max {
            Err(format!("{label} must be at most {max} characters"))
        } else if text.chars().any(char::is_control) {
            Err(format!("{label} must not contain control characters"))
        } else {
            Ok(())
        }
    }

    /// Parses a required field that must not be blank.
    pub(in crate::service) fn parse(
        &self,
        name: &str,
        field: Field,
        mode: Mode,
        messages: TextMessages,
        problems: &mut Problems,
    ) -> Option<String> {
        let text = problems.text(name, field, mode, messages)?;
        if is_blank(&text) {
            problems.add(name, messages.required);
        } else if let Err(message) = self.check(&text) {
            problems.add(name, message);
        }
        Some(text)
    }
}
