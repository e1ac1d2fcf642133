//! Parses and validates an address.
//!
//! The input is merged with the current address and the merged address is validated as a whole. Validation reports
//! every problem at once.

use sea_orm::ActiveValue::Set;
use serde_json::{Map, Value};

use crate::entity::customer_address::{ActiveModel, Model};
use crate::error::Result;
use crate::service::country;
use crate::service::input::patch::{Field, Problems, as_integer};
use crate::types::is_blank;

/// Maximum length of a field, in characters.
const MAX_TEXT: usize = 255;

/// The address fields of a request body. Other properties are ignored.
#[derive(Clone, Debug, Default)]
pub struct AddressInput {
    /// Name of the recipient; required.
    pub full_name: Field,
    /// Telephone number.
    pub telephone: Field,
    /// First line of the street address; required.
    pub address_1: Field,
    /// Second line of the street address.
    pub address_2: Field,
    /// Postal code; required.
    pub postcode: Field,
    /// Town.
    pub city: Field,
    /// ISO 3166-2 code, or free text; required.
    pub province: Field,
    /// ISO 3166-1 alpha-2 code; required.
    pub country: Field,
    /// Whether this is the customer's default address.
    pub is_default: Field,
}

impl From<Map<String, Value>> for AddressInput {
    fn from(mut body: Map<String, Value>) -> Self {
        let mut take = |name| Field::take(&mut body, name);
        Self {
            full_name: take("full_name"),
            telephone: take("telephone"),
            address_1: take("address_1"),
            address_2: take("address_2"),
            postcode: take("postcode"),
            city: take("city"),
            province: take("province"),
            country: take("country"),
            is_default: take("is_default"),
        }
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
    }
}

impl AddressInput {
    /// Merges this input into `current` and validates the result as a whole.
    pub(in crate::service) fn merge(self, current: AddressDraft) -> Result<AddressDraft> {
        let Self {
            full_name,
            telephone,
            address_1,
            address_2,
            postcode,
            city,
            province,
            country,
            is_default,
        } = self;
        let mut problems = Problems::default();
        let mut text = |name, label, field, current, required| {
            let value = merge_text(&mut problems, name, label, field, current);
            let value = value.filter(|text| !is_blank(text));
            if value.is_none()
                && let Some(message) = required
                && !problems.has_field(name)
            {
                problems.add(name, message);
            }
            value
        };
        let required = Some;
        let mut draft = AddressDraft {
            full_name: text(
                "full_name",
                "Full name",
                full_name,
                current.full_name,
                required("Full name is required"),
            ),
            telephone: text("telephone", "Telephone", telephone, current.telephone, None),
            address_1: text(
                "address_1",
                "Address",
                address_1,
                current.address_1,
                required("Address is required"),
            ),
            address_2: text("address_2", "Address 2", address_2, current.address_2, None),
            city: text("city", "City", city, current.city, None),
            province: text(
                "province",
                "Province",
                province,
                current.province,
                required("Province is required"),
            ),
            country: text("country", "Country", country, current.country, required("Country is required")),
            postcode: text(
                "postcode",
                "Postcode",
                postcode,
                current.postcode,
                required("Postcode is required"),
            ),
            is_default: current.is_default,
        };
        normalize_country_and_province(&mut draft, &mut problems);
        match parse_flag(is_default, draft.is_default) {
            Some(flag) => draft.is_default = flag,
            None => problems.add("is_default", "Is default must be true or false"),
        }
        problems.finish()?;
        Ok(draft)
    }
}

fn merge_text(
    problems: &mut Problems,
    name: &str,
    label: &str,
    field: Field,
    current: Option<String>,
) -> Option<String> {
    let text = match field {
        Field::Absent => return current,
        Field::Null => return None,
        Field::Value(Value::String(text)) => text,
        Field::Value(_) => {
            problems.add(name, format!("{label} must be a string"));
            return None;
        }
    };
    if text.chars().count() > MAX_TEXT {
        problems.add(name, format!("{label} must be at most {MAX_TEXT} characters"));
    } else if text.chars().any(char::is_control) {
        problems.add(name, format!("{label} must not contain control characters"));
    }
    Some(text)
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

fn parse_flag(field: Field, current: bool) -> Option<bool> {
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
