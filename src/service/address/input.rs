//! Parses and validates an address.
//!
//! The input is merged with the current address and the merged address is validated as a whole. Validation reports
//! every problem at once.

use sea_orm::ActiveValue::Set;
use serde_json::Value;

use crate::entity::customer_address::{ActiveModel, Model};
use crate::error::Result;
use crate::input;
use crate::service::country;
use crate::service::input::patch::{Field, Problems, as_integer};
use crate::service::input::property::Rule;
use crate::service::input::text::{MAX_LINE, TextRule};
use crate::types::{AddressTexts, is_blank};

const FULL_NAME: TextRule = TextRule::name("Full name");
const TELEPHONE: TextRule = TextRule::line("Telephone", MAX_LINE);
const ADDRESS_1: TextRule = TextRule::name("Address");
const ADDRESS_2: TextRule = TextRule::line("Address 2", MAX_LINE);
const POSTCODE: TextRule = TextRule::name("Postcode");
const CITY: TextRule = TextRule::line("City", MAX_LINE);
const PROVINCE: TextRule = TextRule::name("Province");
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
        /// Postal code.
        postcode: "postcode" = Rule::Line(POSTCODE), [required], "\"94103\"";
        /// Town.
        city: "city" = Rule::Line(CITY), [], "\"San Francisco\"";
        /// ISO 3166-2 code, or free text.
        province: "province" = Rule::Line(PROVINCE), [required], "\"US-CA\"";
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
    /// Merges this input into `current` and validates the result as a whole.
    pub(in crate::service) fn merge(self, current: AddressDraft) -> Result<AddressDraft> {
        let mut problems = Problems::default();
        let mut optional =
            |rule: &TextRule, name, field, current| merge_text(&mut problems, rule, name, field, current);
        let telephone = optional(&TELEPHONE, "telephone", self.telephone, current.telephone);
        let address_2 = optional(&ADDRESS_2, "address_2", self.address_2, current.address_2);
        let city = optional(&CITY, "city", self.city, current.city);
        let mut required = |rule: &TextRule, name, field, current| {
            let text = merge_text(&mut problems, rule, name, field, current);
            if text.is_none() && !problems.has_field(name) {
                problems.add(name, format!("{} is required", rule.label));
            }
            text
        };
        let mut draft = AddressDraft {
            full_name: required(&FULL_NAME, "full_name", self.full_name, current.full_name),
            address_1: required(&ADDRESS_1, "address_1", self.address_1, current.address_1),
            province: required(&PROVINCE, "province", self.province, current.province),
            country: required(&COUNTRY, "country", self.country, current.country),
            postcode: required(&POSTCODE, "postcode", self.postcode, current.postcode),
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

/// Replaces country and province with their ISO 3166 codes. A province that is not in ISO 3166-2 stays free text.
fn normalize_country_and_province(draft: &mut AddressDraft, problems: &mut Problems) {
    let Some(code) = &draft.country else { return };
    let Some(country) = country::find(code) else {
        problems.add("country", "Country must be an ISO 3166-1 alpha-2 code (e.g., US)");
        return;
    };
    draft.country = Some(country.alpha2.to_owned());
    if let Some(province) = draft.province.as_deref().and_then(country::find_province) {
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
