//! The header of a CSV file: the field of each column. A dotted name is a nested field: `addresses.1.city`,
//! `metafields.custom.size`. The case of a name and blanks around it don't matter, and blanks inside count as `_`.
//!
//! Everything that is wrong with a header is reported at once, so that a file is corrected once.

use std::collections::HashMap;

use super::column_map::{ColumnMap, Target};
use super::csv_record::CsvRecord;
use super::encoding::NOT_UTF_8;
use crate::service::import::Record;

/// The maximum number of columns.
const MAX_COLUMNS: usize = 10_000;
/// The maximum number of problems, and of columns in one of them, that are reported.
const MAX_REPORTED: usize = 20;

/// The field for the cells of a column.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    /// A text field.
    Text(String),
    /// A field whose cells are JSON.
    Json(String),
    /// A field of an address: the number of the address, from 1, and the field name.
    Address(usize, String),
    /// A custom field: its namespace and its key.
    Metafield(String, String),
    /// None: the operator ignores it.
    Ignored,
    /// None: its name is empty, and so are the following ones. Spreadsheets append such columns.
    Nameless,
}

impl Column {
    /// The column with this name.
    fn named(name: &str) -> Option<Self> {
        let (parent, child) =
            name.split_once('.').map_or((name, None), |(parent, child)| (parent, Some(child)));
        match (parent, child) {
            ("metafields", Some(child)) => {
                let (namespace, key) = child.split_once('.')?;
                Some(Self::Metafield(namespace.to_owned(), key.to_owned()))
            }
            ("addresses", Some(child)) => {
                let (number, field) = child.split_once('.')?;
                let number: usize = number.parse().ok()?;
                // No customer has more than 100 addresses, and a large number would allocate a long list.
                let is_known = (1..=100).contains(&number) && Record::ADDRESS_FIELDS.contains(&field);
                is_known.then(|| Self::Address(number, field.to_owned()))
            }
            ("meta_data" | "metafields" | "addresses", None) => Some(Self::Json(name.to_owned())),
            (_, None) => Record::FIELDS.contains(&name).then(|| Self::Text(name.to_owned())),
            _ => None,
        }
    }

    /// Whether the cells of several columns can be joined to one text, such as a first and a last name.
    fn is_joinable(&self) -> bool {
        match self {
            Self::Text(name) => !["password", "password_hash", "uuid", "status"].contains(&name.as_str()),
            Self::Address(_, field) => !["uuid", "is_default"].contains(&field.as_str()),
            Self::Ignored | Self::Nameless => true,
            Self::Json(_) | Self::Metafield(..) => false,
        }
    }
}

/// Finds the field of each column.
///
/// # Errors
/// All problems of the header.
pub(super) fn parse_header(
    record: &CsvRecord,
    delimiter: u8,
    map: &ColumnMap,
) -> Result<Vec<Column>, String> {
    if record.len() > MAX_COLUMNS {
        return Err(format!("{} columns; at most {MAX_COLUMNS} are allowed", record.len()));
    }
    let names: Result<Vec<String>, _> =
        record.cells().map(|name| std::str::from_utf8(name).map(|name| name.trim().to_owned())).collect();
    let names = names.map_err(|_| NOT_UTF_8.to_owned())?;
    let mut header = CsvHeader::default();
    let named = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    for (index, name) in names.iter().enumerate() {
        if index >= named {
            header.columns.push(Column::Nameless);
        } else {
            header.add(index, name, map);
        }
    }
    if named == 0 {
        header.problems.push("no column has a name".to_owned());
    }
    header.check_parts();
    let missing = map.missing(&names).into_iter();
    header.problems.extend(
        missing.map(|name| format!("there is no column \"{}\", which --map names", shortened(&name))),
    );
    header.finish(delimiter)
}

/// The columns of a header, and its problems.
#[derive(Default)]
struct CsvHeader {
    columns: Vec<Column>,
    /// Whether the map named each column, for those that may occur once only.
    seen: HashMap<Column, bool>,
    /// The names that are not those of a field.
    unknown: Vec<String>,
    problems: Vec<String>,
}

impl CsvHeader {
    fn add(&mut self, index: usize, name: &str, map: &ColumnMap) {
        let target = map.target(name);
        let column = match target {
            Some(Target::Ignored) => Some(Column::Ignored),
            Some(Target::Field(field)) => Column::named(field),
            None if name.is_empty() => {
                return self.problems.push(format!("column {} has no name", index + 1));
            }
            None => Column::named(&folded(name)),
        };
        let Some(column) = column else {
            return self.unknown.push(shortened(name));
        };
        if column != Column::Ignored {
            let is_mapped = target.is_some();
            let may_repeat = is_mapped && column.is_joinable();
            let earlier = self.seen.insert(column.clone(), is_mapped);
            if earlier.is_some_and(|earlier_is_mapped| !(earlier_is_mapped && may_repeat)) {
                self.problems.push(format!("the column \"{}\" occurs twice", shortened(name)));
            }
        }
        self.columns.push(column);
    }

    /// Reports a field that is given as a whole and in parts.
    fn check_parts(&mut self) {
        for whole in ["addresses", "metafields"] {
            let is_part = |column: &Column| match column {
                Column::Address(..) => whole == "addresses",
                Column::Metafield(..) => whole == "metafields",
                _ => false,
            };
            if self.seen.contains_key(&Column::Json(whole.to_owned())) && self.columns.iter().any(is_part) {
                let problem = format!("there are both a column \"{whole}\" and columns for parts of it");
                self.problems.push(problem);
            }
        }
    }

    fn finish(self, delimiter: u8) -> Result<Vec<Column>, String> {
        let Self { columns, unknown, problems, .. } = self;
        if unknown.is_empty() && problems.is_empty() {
            return Ok(columns);
        }
        let mut report = Vec::new();
        if !unknown.is_empty() {
            let noun = if unknown.len() == 1 { "there is no field" } else { "there are no fields" };
            let quoted = unknown.iter().map(|name| format!("\"{name}\""));
            report.push(format!("{noun} {}", first_reported(quoted, ", ")));
        }
        if !problems.is_empty() {
            report.push(first_reported(problems.into_iter(), "; "));
        }
        report.extend(hint(&unknown, delimiter));
        Err(report.join("; "))
    }
}

/// What may help with names that are not those of a field.
fn hint(unknown: &[String], delimiter: u8) -> Option<String> {
    let is_other = |c: &char| u32::from(*c) != u32::from(delimiter);
    let mut others = [',', ';', '\t'].into_iter().filter(is_other);
    if let Some(other) = others.find(|c| unknown.iter().any(|name| name.contains(*c))) {
        return Some(format!("if cells are separated by {other:?}, use --delimiter {other:?}"));
    }
    let hint = "--map \"COLUMN=FIELD\" gives a column another field, --map \"COLUMN=\" ignores it, and --preset shopify or evershop \
         knows the columns of these shops; patron import --help lists the fields";
    (!unknown.is_empty()).then(|| hint.to_owned())
}

/// Joins the first problems, and counts the others.
fn first_reported(problems: impl ExactSizeIterator<Item = String>, separator: &str) -> String {
    let others = problems.len().saturating_sub(MAX_REPORTED);
    let mut text = problems.take(MAX_REPORTED).collect::<Vec<_>>().join(separator);
    if others > 0 {
        text.push_str(&format!(" and {others} more"));
    }
    text
}

/// The name of a field as the program writes it.
fn folded(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join("_")
}

/// The first characters of a name, for messages.
fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::super::csv_record::CsvRecord;
    use super::{Column, parse_header};
    use crate::transfer::ColumnMap;

    fn parse(names: &[&str]) -> Result<Vec<Column>, String> {
        let mut record = CsvRecord::default();
        for name in names {
            record.push(name.as_bytes());
            record.end_cell();
        }
        parse_header(&record, b',', &ColumnMap::default())
    }

    #[test]
    fn names_are_read_in_any_case_and_with_blanks() {
        let columns =
            parse(&[" EMAIL ", "Full Name", "Addresses.100.IS_DEFAULT", "metaFields.custom.Size", " ", ""]);
        let expected = [
            Column::Text("email".to_owned()),
            Column::Text("full_name".to_owned()),
            Column::Address(100, "is_default".to_owned()),
            Column::Metafield("custom".to_owned(), "size".to_owned()),
            Column::Nameless,
            Column::Nameless,
        ];
        assert_eq!(columns.unwrap(), expected);
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        for (header, expected) in [
            (&["email", "e-mail"][..], "there is no field \"e-mail\"; --map \"COLUMN=FIELD\" gives"),
            (&["email;status"], "if cells are separated by ';', use --delimiter ';'"),
            (&["email", "Email"], "the column \"Email\" occurs twice"),
            (&["email", "", "status"], "column 2 has no name"),
            (&[" ", ""], "no column has a name"),
            (
                &["addresses.0.city", "addresses.101.city"],
                "no fields \"addresses.0.city\", \"addresses.101.city\"",
            ),
            (
                &["addresses.1.customer_id", "password.x"],
                "no fields \"addresses.1.customer_id\", \"password.x\"",
            ),
            (&["addresses", "addresses.1.city"], "both a column \"addresses\" and columns for parts of it"),
            (
                &["First Name", "email", "EMAIL", "Tags", "metafields", "metafields.custom.size"],
                "there are no fields \"First Name\", \"Tags\"; the column \"EMAIL\" occurs twice; there are both a column \"metafields\"",
            ),
        ] {
            let error = parse(header).unwrap_err();
            assert!(error.contains(expected), "{header:?}: {error}");
        }
        let many: Vec<String> = (0..100).map(|number| format!("x{number}{}", "y".repeat(100))).collect();
        let error = parse(&many.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_err();
        assert!(error.contains("y\" and 80 more; --map") && error.len() < 3000, "{error}");
        assert!(parse(&vec!["email"; 10_001]).unwrap_err().starts_with("10001 columns; at most 10000"));
    }
}
