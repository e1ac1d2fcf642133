//! Parses and validates an address.
//!
//! The input is merged with the current address and the merged address is validated as a whole. Validation reports
//! every problem at once. The country decides whether an address needs a postcode and a province.

use sea_orm::ActiveValue::Set;
use serde_json::Value;

use crate::entity::customer_address::{ActiveModel, Model};
use crate::error::Result;
use crate::input;
use crate::service::country::{self, AddressFormat};
use crate::service::input::patch::{Field, Problems, as_integer};
use crate::service::input::property::Rule;
use crate::service::input::text::{MAX_LINE, TextRule};
use crate::types::{AddressTexts, is_blank};

const FULL_NAME: TextRule = TextRule::name("Full name");
const TELEPHONE: TextRule = TextRule::line("Telephone", MAX_LINE);
const ADDRESS_1: TextRule = TextRule::name("Address");
const ADDRESS_2: TextRule = TextRule::line("Address 2", MAX_LINE);
const POSTCODE: TextRule = TextRule::line("Postcode", MAX_LINE);
const CITY: TextRule = TextRule::line("City", MAX_LINE);
const PROVINCE: TextRule = TextRule::line("Province", MAX_LINE);
const COUNTRY: TextRule = TextRule::name("Country");

input! {
    /// The address fields of a request body. Other properties are ignored.
    pub struct AddressInput {
        /// Name of the recipient.
        full_name: "full_name" = Rule::Line(FULL_NAME), [required], "\"John Smith\"";
        /// Telephone number.
        telephone: "telephone" = Rule::Line(TELEPHONE), [], "\"+1 555 0123456\"";
        /// First line.
        address_1: "address_1" = Rule::Line(ADDRESS_1), [required], "\"1 Market Street\"";
        /// Second line.
        address_2: "address_2" = Rule::Line(ADDRESS_2), [], "\"Suite 400\"";
        /// Postal code. Required if `postcodeRequired` of the country is true (`countries` over GraphQL).
        postcode: "postcode" = Rule::Line(POSTCODE), [], "\"94103\"";
        /// Town.
        city: "city" = Rule::Line(CITY), [], "\"San Francisco\"";
        /// ISO 3166-2 code, the code without its country (`CA`), or a name that no other province of the country has; all are
        /// stored as the code. Any other text is stored as it is. Required if `provinceRequired` of the country is true (`countries`
        /// over GraphQL).
        province: "province" = Rule::Line(PROVINCE), [], "\"US-CA\"";
        /// ISO 3166-1 alpha-2 code.
        country: "country" = Rule::Country, [required], "\"US\"";
        /// Whether this is the default address. Setting it unsets the previous default.
        is_default: "is_default" = Rule::Named("FlagInput"), [not_null], "true";
    }
}

/// The editable fields of an address, without its identifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::service) struct AddressDraft {
    full_name: Option<String>,
    telephone: Option<String>,
    address_1: Option<String>,
    address_2: Option<String>,
    postcode: Option<String>,
    city: Option<String>,
    province: Option<String>,
    country: Option<String>,
    pub(in crate::service) is_default: bool,
}

impl From<Model> for AddressDraft {
    fn from(row: Model) -> Self {
        Self {
            full_name: row.full_name,
            telephone: row.telephone,
            address_1: row.address_1,
            address_2: row.address_2,
            postcode: row.postcode,
            city: row.city,
            province: row.province,
            country: Some(row.country),
            is_default: row.is_default,
        }
    }
}

impl AddressDraft {
    /// Copies the fields into a row.
    pub(in crate::service) fn fill(self, row: &mut ActiveModel) {
        row.full_name = Set(self.full_name);
        row.telephone = Set(self.telephone);
        row.address_1 = Set(self.address_1);
        row.address_2 = Set(self.address_2);
        row.postcode = Set(self.postcode);
        row.city = Set(self.city);
        row.province = Set(self.province);
        row.country = Set(self.country.unwrap_or_default());
        row.is_default = Set(self.is_default);
        row.derive_keys();
    }

    /// The names of the fields that differ.
    pub(super) fn changed_fields(&self, other: &Self) -> Vec<&'static str> {
        let fields = self.text_fields().into_iter().zip(other.text_fields());
        let changed = fields.filter(|(one, other)| one != other).map(|((name, _), _)| name);
        changed.chain((self.is_default != other.is_default).then_some("is_default")).collect()
    }

    /// The names of the text fields, and their texts.
    fn text_fields(&self) -> [(&'static str, Option<&str>); 8] {
        [
            ("full_name", self.full_name.as_deref()),
            ("telephone", self.telephone.as_deref()),
            ("address_1", self.address_1.as_deref()),
            ("address_2", self.address_2.as_deref()),
            ("postcode", self.postcode.as_deref()),
            ("city", self.city.as_deref()),
            ("province", self.province.as_deref()),
            ("country", self.country.as_deref()),
        ]
    }

    /// The texts that the keyword search matches.
    pub(in crate::service) fn texts(&self) -> AddressTexts<'_> {
        AddressTexts {
            telephone: self.telephone.as_deref(),
            postcode: self.postcode.as_deref(),
            city: self.city.as_deref(),
            address_1: self.address_1.as_deref(),
            address_2: self.address_2.as_deref(),
        }
    }
}

impl AddressInput {
    /// Whether this input has only values that the address has already, as they are.
    pub(super) fn changes_nothing(&self, address: &AddressDraft) -> bool {
        let is_kept = |(field, (_, stored)): (&Field, (&str, Option<&str>))| match field {
            Field::Absent => true,
            Field::Null => stored.is_none(),
            Field::Value(value) => value.as_str().is_some_and(|text| stored == Some(text)),
        };
        let is_default = parse_is_default(self.is_default.clone(), address.is_default);
        is_default == Some(address.is_default)
            && self.text_fields().into_iter().zip(address.text_fields()).all(is_kept)
    }

    /// Whether the address has every text of this input. `draft`: this input as an address.
    pub(super) fn is_found_in(&self, draft: &AddressDraft, address: &AddressDraft) -> bool {
        let texts = draft.text_fields().into_iter().zip(address.text_fields());
        let mut fields = self.text_fields().into_iter().zip(texts);
        fields.all(|(field, (given, stored))| *field == Field::Absent || given == stored)
    }

    /// The fields of [`AddressDraft::text_fields`], in their order.
    fn text_fields(&self) -> [&Field; 8] {
        [
            &self.full_name,
            &self.telephone,
            &self.address_1,
            &self.address_2,
            &self.postcode,
            &self.city,
            &self.province,
            &self.country,
        ]
    }

    /// Merges this input into `current` and validates the result as a whole.
    pub(in crate::service) fn merge(self, current: AddressDraft) -> Result<AddressDraft> {
        let mut problems = Problems::default();
        let parts = format_of(&self.country, current.country.as_deref());
        let (needs_postcode, needs_province) = (parts.requires_postcode(), parts.requires_province());
        let mut merge = |rule: &TextRule, name, field, current, is_required: bool| {
            let text = merge_text(&mut problems, rule, name, field, current);
            if is_required && text.is_none() && !problems.has_field(name) {
                problems.add(name, format!("{} is required", rule.label));
            }
            text
        };
        let telephone = merge(&TELEPHONE, "telephone", self.telephone, current.telephone, false);
        let address_2 = merge(&ADDRESS_2, "address_2", self.address_2, current.address_2, false);
        let city = merge(&CITY, "city", self.city, current.city, false);
        let mut draft = AddressDraft {
            full_name: merge(&FULL_NAME, "full_name", self.full_name, current.full_name, true),
            address_1: merge(&ADDRESS_1, "address_1", self.address_1, current.address_1, true),
            province: merge(&PROVINCE, "province", self.province, current.province, needs_province),
            country: merge(&COUNTRY, "country", self.country, current.country, true),
            postcode: merge(&POSTCODE, "postcode", self.postcode, current.postcode, needs_postcode),
            telephone,
            address_2,
            city,
            is_default: current.is_default,
        };
        normalize_country_and_province(&mut draft, &mut problems);
        match parse_is_default(self.is_default, draft.is_default) {
            Some(flag) => draft.is_default = flag,
            None => problems.add("is_default", "Is default must be true or false"),
        }
        problems.finish()?;
        Ok(draft)
    }
}

/// Which parts an address needs, by its country after an update: all while the country is missing or unknown.
fn format_of(country: &Field, current: Option<&str>) -> AddressFormat {
    let code = match country {
        Field::Absent => current,
        Field::Value(Value::String(code)) => Some(code.as_str()),
        Field::Null | Field::Value(_) => None,
    };
    let country = code.and_then(country::find);
    country.map_or(AddressFormat::UNKNOWN, |country| country::address_format(&country))
}

/// The text of a field after an update; none for a blank one.
fn merge_text(
    problems: &mut Problems,
    rule: &TextRule,
    name: &str,
    field: Field,
    current: Option<String>,
) -> Option<String> {
    let text = match field {
        Field::Absent => current?,
        Field::Null => return None,
        Field::Value(Value::String(text)) => {
            if let Err(message) = rule.check(&text) {
                problems.add(name, message);
            }
            text
        }
        Field::Value(_) => {
            problems.add(name, format!("{} must be a string", rule.label));
            return None;
        }
    };
    (!is_blank(&text)).then_some(text)
}

/// Replaces country and province with their ISO 3166 codes. A text that is neither the code of a province nor the name of
/// one province of the country stays free text.
fn normalize_country_and_province(draft: &mut AddressDraft, problems: &mut Problems) {
    let Some(code) = &draft.country else { return };
    let Some(country) = country::find(code) else {
        problems.add("country", "Country must be an ISO 3166-1 alpha-2 code (e.g., US)");
        return;
    };
    draft.country = Some(country.alpha2.to_owned());
    let find = |text| country::find_province(text).or_else(|| country::find_province_of(&country, text));
    if let Some(province) = draft.province.as_deref().and_then(find) {
        if province.country_code == country.alpha2 {
            draft.province = Some(province.code.to_owned());
        } else {
            problems.add("province", format!("Province is not in {}", country.name));
        }
    }
}

fn parse_is_default(field: Field, current: bool) -> Option<bool> {
    match field {
        Field::Absent => Some(current),
        Field::Null => Some(false),
        Field::Value(Value::Bool(flag)) => Some(flag),
        Field::Value(Value::Number(number)) => match as_integer(&number) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Field::Value(Value::String(text)) => match text.as_str() {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        },
        Field::Value(_) => None,
    }
}
