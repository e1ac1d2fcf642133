//! The fields for the columns of a CSV file of another program: those of a preset, and those that the operator names.

use std::collections::{HashMap, HashSet};

use super::lines::Lines;
use super::preset::Preset;
use crate::service::import::Record;

/// The maximum number of columns that the operator maps.
const MAX_MAPPED: usize = 1000;

/// What happens with the cells of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// They are the values of the field with this name.
    Field(String),
    /// They are not read.
    Ignored,
}

impl Target {
    /// The target for the name of a field; an empty name is [`Target::Ignored`].
    fn named(field: &str) -> Self {
        if field.is_empty() { Self::Ignored } else { Self::Field(field.to_owned()) }
    }
}

/// Which column of a CSV file has which field. A column that is not in the map has the field of its name.
#[derive(Clone, Debug, Default)]
pub struct ColumnMap {
    /// By folded header.
    targets: HashMap<String, Target>,
    /// The headers that the operator named.
    given: Vec<String>,
    preset: Option<Preset>,
}

impl ColumnMap {
    /// Builds the map of a preset and of texts such as `E-mail=email`, which overrule it. A text without a field, such as
    /// `Notes=`, ignores its column.
    ///
    /// # Errors
    /// All problems of the texts.
    pub fn new(preset: Option<Preset>, texts: &[String]) -> Result<Self, Vec<String>> {
        if texts.len() > MAX_MAPPED {
            return Err(vec![format!("at most {MAX_MAPPED} columns can be mapped, not {}", texts.len())]);
        }
        let columns = preset.map(Preset::columns).unwrap_or_default();
        let targets = columns.iter().map(|(header, field)| (folded(header), Target::named(field)));
        let mut map = Self { targets: targets.collect(), given: Vec::new(), preset };
        let mut problems = Vec::new();
        let mut mapped = HashSet::new();
        for text in texts {
            match parse(text) {
                Ok((header, target)) if mapped.insert(folded(header)) => {
                    map.targets.insert(folded(header), target);
                    map.given.push(header.to_owned());
                }
                Ok((header, _)) => problems.push(format!("the column \"{header}\" is mapped twice")),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(map) } else { Err(problems) }
    }

    /// The target of a column, if the map has it. Case and surrounding blanks of the header don't matter.
    pub fn target(&self, header: &str) -> Option<&Target> {
        self.targets.get(&folded(header))
    }

    /// The columns that the operator named and that the header lacks. A file may lack columns of a preset.
    pub fn missing(&self, headers: &[String]) -> Vec<String> {
        let present: Vec<String> = headers.iter().map(|header| folded(header)).collect();
        self.given.iter().filter(|header| !present.contains(&folded(header))).cloned().collect()
    }

    /// Whether the map has no column.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Converts the values of the preset's program, after the lines were read with this map.
    pub fn adapt(&self, lines: Lines) -> Lines {
        let Some(preset) = self.preset else { return lines };
        Box::new(lines.map(move |line| {
            let mut line = line?;
            if let Ok(record) = &mut line.record {
                preset.adapt(record);
            }
            Ok(line)
        }))
    }
}

fn folded(header: &str) -> String {
    header.trim_start_matches('\u{FEFF}').trim().to_lowercase()
}

/// Splits `E-mail=email`. The header may contain `=`, a field does not.
fn parse(text: &str) -> Result<(&str, Target), String> {
    let (header, field) = text.rsplit_once('=').ok_or_else(|| {
        format!(
            "\"{text}\" is not of the form COLUMN=FIELD, such as \"E-mail=email\"; COLUMN= ignores a column"
        )
    })?;
    let (header, field) = (header.trim(), field.trim());
    if header.is_empty() {
        return Err(format!("\"{text}\" names no column: write COLUMN=FIELD"));
    }
    if !field.is_empty() && !is_field(field) {
        return Err(format!("\"{text}\": there is no field \"{field}\"; the fields are {}", fields()));
    }
    Ok((header, Target::named(field)))
}

/// Whether a column can have this name. The reader of the file knows the same names.
fn is_field(name: &str) -> bool {
    match name.split_once('.') {
        None => Record::FIELDS.contains(&name),
        Some(("metafields", name)) => {
            name.split_once('.').is_some_and(|(namespace, key)| !namespace.is_empty() && !key.is_empty())
        }
        Some(("addresses", name)) => name.split_once('.').is_some_and(|(number, field)| {
            number.parse().is_ok_and(|number: u32| (1..=100).contains(&number))
                && Record::ADDRESS_FIELDS.contains(&field)
        }),
        Some(_) => false,
    }
}

fn fields() -> String {
    let of_addresses = Record::ADDRESS_FIELDS.join(", ");
    format!(
        "{}, metafields.NAMESPACE.KEY, and addresses.N. with {of_addresses}, where N is 1 to 100",
        Record::FIELDS.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::{ColumnMap, Target};
    use crate::transfer::Preset;

    fn map(preset: Option<Preset>, texts: &[&str]) -> Result<ColumnMap, Vec<String>> {
        ColumnMap::new(preset, &texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn columns_are_found_in_any_case() {
        let texts = ["E-Mail = email", "a=b=full_name", "Notes=", "City=addresses.2.city"];
        let map = map(None, &texts).unwrap();
        let field = |name: &str| Some(Target::Field(name.to_owned()));
        assert_eq!(map.target(" e-MAIL").cloned(), field("email"));
        assert_eq!(map.target("A=B").cloned(), field("full_name"));
        assert_eq!(map.target("notes").cloned(), Some(Target::Ignored));
        assert_eq!(map.target("city").cloned(), field("addresses.2.city"));
        assert_eq!(map.target("email"), None);
        assert_eq!(map.missing(&["NOTES ".to_owned(), "City".to_owned()]), ["E-Mail", "a=b"]);
    }

    #[test]
    fn a_preset_is_overruled_and_its_columns_may_be_missing() {
        let map = map(Some(Preset::Shopify), &["Note=metafields.custom.note", "Email="]).unwrap();
        assert_eq!(map.target("note").cloned(), Some(Target::Field("metafields.custom.note".to_owned())));
        assert_eq!(map.target("email").cloned(), Some(Target::Ignored));
        assert_eq!(map.target("last name").cloned(), Some(Target::Field("full_name".to_owned())));
        assert_eq!(map.missing(&["Email".to_owned()]), ["Note"]);
    }

    #[test]
    fn every_problem_is_reported() {
        let texts = ["email", "=email", "a=mail", "b=addresses.0.city", "c=metafields.size", "x=email", "X="];
        let problems = map(None, &texts).unwrap_err();
        let expected = [
            "\"email\" is not of the form COLUMN=FIELD",
            "\"=email\" names no column",
            "there is no field \"mail\"; the fields are uuid, status",
            "there is no field \"addresses.0.city\"",
            "there is no field \"metafields.size\"",
            "the column \"X\" is mapped twice",
        ];
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, expected) in problems.iter().zip(expected) {
            assert!(problem.contains(expected), "{problem}");
        }
        let many = vec!["a=email"; 1001];
        assert_eq!(map(None, &many).unwrap_err(), ["at most 1000 columns can be mapped, not 1001"]);
    }

    #[test]
    fn every_column_of_a_preset_has_a_field() {
        for preset in [Preset::Shopify, Preset::Evershop] {
            for (header, field) in preset.columns() {
                assert!(field.is_empty() || super::is_field(field), "{header}: {field}");
            }
        }
    }
}
