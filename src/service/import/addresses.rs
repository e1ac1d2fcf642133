//! Parses the addresses of a line.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Record;
use super::fields::{parse_uuid, problems_of, report_unknown_fields};
use crate::service::address::{AddressDraft, AddressInput, GivenAddress, MAX_ADDRESSES};
use crate::service::input::patch::{Field, Problems};

/// A validated address of a new customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImportedAddress {
    pub(super) uuid: Option<Uuid>,
    pub(super) draft: AddressDraft,
}

/// Parses the list. Its addresses are validated when it is known whether they are new. Empty ones, of which CSV has many, are
/// left out.
pub(super) fn parse_addresses(field: Field, problems: &mut Problems) -> Option<Vec<GivenAddress>> {
    let items = match field {
        Field::Absent | Field::Null => return None,
        Field::Value(Value::Array(items)) => items,
        Field::Value(_) => {
            problems.add("addresses", "Addresses must be a list");
            return None;
        }
    };
    if items.len() as u64 > MAX_ADDRESSES {
        problems.add("addresses", format!("A customer has at most {MAX_ADDRESSES} addresses"));
        return None;
    }
    let mut addresses = Vec::new();
    for (number, item) in (1..).zip(items) {
        let Value::Object(fields) = item else {
            problems.add(&format!("addresses.{number}"), "An address must be an object");
            continue;
        };
        if !fields.is_empty() {
            addresses.push(parse_address(number, fields, problems));
        }
    }
    Some(addresses)
}

fn parse_address(number: usize, mut fields: Map<String, Value>, problems: &mut Problems) -> GivenAddress {
    let path = format!("addresses.{number}.");
    let uuid = parse_uuid(&format!("{path}uuid"), Field::take(&mut fields, "uuid"), problems);
    let is_known = |(name, _): &(String, Value)| Record::ADDRESS_FIELDS.contains(&name.as_str());
    let (known, unknown): (Map<_, _>, Map<_, _>) = fields.into_iter().partition(is_known);
    report_unknown_fields(&path, &unknown, problems);
    GivenAddress { number, uuid, input: AddressInput::from(known) }
}

/// Validates the addresses of a new customer. An address without a name gets that of the customer.
pub(super) fn complete_addresses(
    given: &[GivenAddress],
    full_name: Option<&str>,
    problems: &mut Problems,
) -> Vec<ImportedAddress> {
    let mut addresses = Vec::with_capacity(given.len());
    for address in given {
        match address.clone().named(full_name).input.merge(AddressDraft::default()) {
            Ok(draft) => addresses.push(ImportedAddress { uuid: address.uuid, draft }),
            Err(error) => {
                for problem in problems_of(error) {
                    problems.add(&format!("addresses.{}.{}", address.number, problem.field), problem.message);
                }
            }
        }
    }
    if addresses.iter().filter(|address| address.draft.is_default).count() > 1 {
        problems.add("addresses", "Only one address can be the default");
    }
    // The order of the database queries: the default first, then by age.
    addresses.sort_by_key(|address| !address.draft.is_default);
    addresses
}
