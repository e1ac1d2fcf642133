//! Parses the input of a bulk action. All validation errors are reported at once.

use std::collections::HashSet;

use serde_json::Value;
use uuid::Uuid;

use super::action::{BulkAction, MAX_CUSTOMERS};
use super::selection::Selection;
use crate::error::{Error, Problem, Result};
use crate::input;
use crate::service::customer::{Criterion, parse_group_id, parse_json_filter};
use crate::service::input::patch::{Field, Mode, Problems, TextMessages, as_integer};
use crate::service::input::property::Rule;

const ACTION: TextMessages =
    TextMessages { not_a_string: "Action must be a string", required: "Action is required" };

input! {
    /// A bulk action. Other properties are ignored.
    pub struct BulkInput {
        /// What is done to each customer. `delete` erases it with all its data.
        action: "action" = Rule::Named("BulkActionInput"), [required], "\"disable\"";
        /// The group of `set_group`, which needs it. No other action has one.
        group_id: "group_id" = Rule::Named("GroupIdInput"), [not_null], "2";
        /// Public identifiers of the customers, at most 1 000. One that occurs twice counts once.
        customers: "customers" = Rule::Texts { min: 1, max: MAX_CUSTOMERS }, [not_null], "[\"433ba97f-8be7-4be9-be3f-a9f341f2b89f\"]";
        /// Instead of `customers`: those that a filter finds, at most 1 000. It has the names of `CustomerFilter` in GraphQL.
        filter: "filter" = Rule::Object, [not_null], "{\"status\": {\"eq\": 0}}";
        /// With `filter`: the number of customers that it found before. If it finds another number now, nothing is changed.
        expected_count: "expected_count" = Rule::Integer { min: 0, max: 1000 }, [not_null], "17";
    }
}

impl BulkInput {
    pub(super) fn parse(self) -> Result<(BulkAction, Selection)> {
        let Self { action, group_id, customers, filter, expected_count } = self;
        let mut problems = Problems::default();
        let action = parse_action(action, group_id, &mut problems);
        let selection = parse_selection(customers, filter, expected_count, &mut problems);
        problems.finish_with(action.zip(selection))
    }
}

fn parse_action(action: Field, group_id: Field, problems: &mut Problems) -> Option<BulkAction> {
    let name = problems.text("action", action, Mode::Create, ACTION)?;
    let action = match name.as_str() {
        "set_group" => return parse_group(group_id, problems).map(BulkAction::SetGroup),
        "enable" => BulkAction::Enable,
        "disable" => BulkAction::Disable,
        "end_sessions" => BulkAction::EndSessions,
        "delete" => BulkAction::Delete,
        _ => {
            problems.add("action", format!("Action must be one of {}", BulkAction::NAMES.join(", ")));
            return None;
        }
    };
    if group_id != Field::Absent {
        problems.add("group_id", "Only set_group has a group id");
    }
    Some(action)
}

fn parse_group(group_id: Field, problems: &mut Problems) -> Option<i32> {
    if matches!(group_id, Field::Absent | Field::Null) {
        problems.add("group_id", "Group id is required");
        return None;
    }
    parse_group_id(group_id, problems)
}

fn parse_selection(
    customers: Field,
    filter: Field,
    expected_count: Field,
    problems: &mut Problems,
) -> Option<Selection> {
    match (customers, filter) {
        (Field::Absent, Field::Absent) => {
            problems.add("customers", "Customers are required: a list of them, or a filter");
            None
        }
        (customers, Field::Absent) => {
            if expected_count != Field::Absent {
                problems.add("expected_count", "Only a filter has an expected count");
            }
            parse_customers(customers, problems).map(Selection::Customers)
        }
        (Field::Absent, filter) => {
            let expected = parse_expected_count(expected_count, problems);
            let filter = match filter {
                Field::Value(value) => parse_filter(&value, problems),
                Field::Absent | Field::Null => parse_filter(&Value::Null, problems),
            };
            let (filter, expected) = filter.zip(expected)?;
            Some(Selection::Filter { filter, expected })
        }
        (_, _) => {
            problems.add("filter", "Give either customers or a filter");
            None
        }
    }
}

fn parse_customers(customers: Field, problems: &mut Problems) -> Option<Vec<Uuid>> {
    let Field::Value(Value::Array(items)) = customers else {
        problems.add("customers", expected_list());
        return None;
    };
    if items.is_empty() || items.len() > MAX_CUSTOMERS {
        problems.add("customers", expected_list());
        return None;
    }
    let (mut seen, mut uuids) = (HashSet::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        match item.as_str().and_then(parse_uuid) {
            Some(uuid) if seen.insert(uuid) => uuids.push(uuid),
            Some(_) => {}
            None => problems.add(&format!("customers[{index}]"), "Each customer must be a uuid"),
        }
    }
    Some(uuids)
}

fn expected_list() -> String {
    format!("Customers must be a list of 1 to {MAX_CUSTOMERS} uuids")
}

/// Parses an identifier, with or without hyphens, as in a path.
fn parse_uuid(text: &str) -> Option<Uuid> {
    matches!(text.len(), 32 | 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

fn parse_filter(filter: &Value, problems: &mut Problems) -> Option<Criterion> {
    match parse_json_filter("filter", filter) {
        Ok(filter) => return Some(filter),
        Err(Error::Invalid(found)) => {
            for Problem { field, message } in found {
                problems.add(&field, message);
            }
        }
        Err(error) => problems.add("filter", error.to_string()),
    }
    None
}

fn parse_expected_count(count: Field, problems: &mut Problems) -> Option<u64> {
    let count = match count {
        Field::Absent => {
            problems.add("expected_count", "Expected count is required with a filter");
            return None;
        }
        Field::Value(Value::Number(number)) => {
            as_integer(&number).and_then(|count| u64::try_from(count).ok()).filter(|count| *count <= 1000)
        }
        Field::Null | Field::Value(_) => None,
    };
    problems.check("expected_count", count.ok_or("Expected count must be a whole number from 0 to 1000"))
}
