//! Parses and validates the fields of a saved view.

use crate::error::Result;
use crate::input;
use crate::service::input::patch::{Mode, Problems, TextMessages};
use crate::service::input::property::Rule;
use crate::service::input::text::TextRule;

const NAME: TextRule = TextRule { label: "Name", max: 100, may_be_blank: false };
const QUERY: TextRule = TextRule::line("Query", 2048);

input! {
    /// The fields of a saved view. Other properties are ignored.
    pub struct ViewInput {
        /// Name, at most 100 characters.
        name: "name" = Rule::Line(NAME), [required], "\"Disabled in France\"";
        /// What the view shows, as the query string of its page; at most 2 048 characters.
        query: "query" = Rule::Line(QUERY), [required], "\"filter=%7B%22status%22%3A%7B%22eq%22%3A0%7D%7D\"";
    }
}

impl ViewInput {
    /// The name and the query, as far as the input has them.
    pub(super) fn parse(self, mode: Mode) -> Result<(Option<String>, Option<String>)> {
        let mut problems = Problems::default();
        let messages = TextMessages {
            not_a_string: "Name must be a string",
            required: "Name is required and cannot be empty",
        };
        let name = NAME.parse("name", self.name, mode, messages, &mut problems);
        let messages = TextMessages { not_a_string: "Query must be a string", required: "Query is required" };
        let query = problems.text("query", self.query, mode, messages);
        if let Some(Err(message)) = query.as_deref().map(|query| QUERY.check(query)) {
            problems.add("query", message);
        }
        problems.finish()?;
        Ok((name, query))
    }
}
