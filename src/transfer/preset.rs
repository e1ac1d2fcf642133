//! The layouts of the customer files of other programs. The layouts are facts about their exports: the names of the columns,
//! and how their values are written.

use serde_json::{Map, Value};

use crate::service::import::Record;

/// A program whose customer files are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The CSV export of Shopify's list of customers.
    Shopify,
    /// The columns of EverShop's table `customer`.
    Evershop,
}

/// The columns of Shopify's export, also of its older layout (`Address1`, `Zip`). Without a field: what a customer of
/// patron does not have. `docs/import.md` lists them.
const SHOPIFY: &[(&str, &str)] = &[
    ("Customer ID", ""),
    ("First Name", "full_name"),
    ("Last Name", "full_name"),
    ("Email", "email"),
    ("Accepts Email Marketing", ""),
    ("Default Address Company", ""),
    ("Default Address Address1", "addresses.1.address_1"),
    ("Default Address Address2", "addresses.1.address_2"),
    ("Default Address City", "addresses.1.city"),
    ("Default Address Province Code", "addresses.1.province"),
    ("Default Address Country Code", "addresses.1.country"),
    ("Default Address Zip", "addresses.1.postcode"),
    ("Default Address Phone", "addresses.1.telephone"),
    ("Phone", ""),
    ("Accepts SMS Marketing", ""),
    ("Accepts WhatsApp Marketing", ""),
    ("Total Spent", ""),
    ("Total Orders", ""),
    ("Note", ""),
    ("Tax Exempt", ""),
    ("Tags", ""),
    ("Company", ""),
    ("Address1", "addresses.1.address_1"),
    ("Address2", "addresses.1.address_2"),
    ("City", "addresses.1.city"),
    ("Province", ""),
    ("Province Code", "addresses.1.province"),
    ("Country", ""),
    ("Country Code", "addresses.1.country"),
    ("Zip", "addresses.1.postcode"),
    ("Accepts Marketing", ""),
];

/// The columns of EverShop's table that have other names in patron.
const EVERSHOP: &[(&str, &str)] = &[("customer_id", ""), ("password", "password_hash")];

impl Preset {
    /// The columns, each with its field. The field is empty for columns that are not imported.
    pub(super) fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Shopify => SHOPIFY,
            Self::Evershop => EVERSHOP,
        }
    }

    /// Converts the values of a record to the form that the import reads.
    pub(super) fn adapt(self, record: &mut Record) {
        match self {
            Self::Shopify => adapt_shopify(&mut record.fields),
            Self::Evershop => {
                for name in ["created_at", "updated_at"] {
                    if let Some(Value::String(time)) = record.fields.get_mut(name) {
                        complete_offset(time);
                    }
                }
            }
        }
    }
}

/// Shopify writes an apostrophe before identifiers, postcodes and telephone numbers, so that spreadsheets keep their digits.
/// Its only address is the default one. Many customers have an address of a country or a telephone number alone, which is
/// not a postal address.
fn adapt_shopify(fields: &mut Map<String, Value>) {
    if let Some(Value::Object(namespaces)) = fields.get_mut("metafields") {
        let values = namespaces.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut);
        values.for_each(|value| remove_apostrophe(value, |text| text.starts_with(is_number_start)));
    }
    let Some(Value::Array(addresses)) = fields.get_mut("addresses") else { return };
    addresses
        .retain(|address| ["address_1", "postcode", "city"].iter().any(|name| address.get(name).is_some()));
    for address in addresses.iter_mut().filter_map(Value::as_object_mut) {
        for name in ["postcode", "telephone"] {
            if let Some(value) = address.get_mut(name) {
                remove_apostrophe(value, |_| true);
            }
        }
    }
    if let Some(Value::Object(first)) = addresses.first_mut() {
        first.entry("is_default").or_insert(Value::Bool(true));
    }
    if addresses.is_empty() {
        fields.remove("addresses");
    }
}

fn is_number_start(c: char) -> bool {
    c.is_ascii_digit() || c == '+'
}

/// Removes an apostrophe at the beginning of a text, if what follows it is as expected.
fn remove_apostrophe(value: &mut Value, is_expected: impl Fn(&str) -> bool) {
    if let Value::String(text) = value
        && let Some(rest) = text.strip_prefix('\'').filter(|rest| is_expected(rest))
    {
        *text = rest.to_owned();
    }
}

/// PostgreSQL writes an offset without minutes (`+00`), RFC 3339 requires them.
fn complete_offset(time: &mut String) {
    let is_short = time.rfind(['+', '-']).is_some_and(|sign| {
        time.contains(':')
            && time.len() == sign + 3
            && time[sign + 1..].bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_short {
        time.push_str(":00");
    }
}

#[cfg(test)]
mod tests {
    use super::{Preset, complete_offset};
    use crate::service::import::Record;
    use serde_json::{Value, json};

    fn adapted(preset: Preset, fields: Value) -> Value {
        let Value::Object(fields) = fields else { panic!("an object") };
        let mut record = Record { fields, is_text: true };
        preset.adapt(&mut record);
        Value::Object(record.fields)
    }

    #[test]
    fn values_of_shopify_are_converted() {
        let fields = json!({
            "email": "'a@x.io", "metafields": {"custom": {"id": "'700", "phone": "'+1", "note": "'s"}},
            "addresses": [{"address_1": "1 High St", "postcode": "'62701", "telephone": "'+1"}],
        });
        let expected = json!({
            "email": "'a@x.io", "metafields": {"custom": {"id": "700", "phone": "+1", "note": "'s"}},
            "addresses": [{"address_1": "1 High St", "postcode": "62701", "telephone": "+1", "is_default": true}],
        });
        assert_eq!(adapted(Preset::Shopify, fields), expected);
        let only_a_country = json!({"addresses": [{"country": "US", "telephone": "+1"}]});
        assert_eq!(adapted(Preset::Shopify, only_a_country), json!({}));
    }

    #[test]
    fn times_of_postgresql_get_a_complete_offset() {
        let fields =
            json!({"created_at": "2024-01-02 03:04:05.678+00", "updated_at": "2024-01-02T03:04:05Z"});
        let expected =
            json!({"created_at": "2024-01-02 03:04:05.678+00:00", "updated_at": "2024-01-02T03:04:05Z"});
        assert_eq!(adapted(Preset::Evershop, fields), expected);
        for (time, expected) in [
            ("2024-01-02 03:04:05-07", "2024-01-02 03:04:05-07:00"),
            ("2024-01-02 03:04:05+05:30", "2024-01-02 03:04:05+05:30"),
            ("2024-01-02", "2024-01-02"),
            ("é", "é"),
        ] {
            let mut text = time.to_owned();
            complete_offset(&mut text);
            assert_eq!(text, expected);
        }
    }
}
