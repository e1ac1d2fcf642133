//! Which parts the postal addresses of a country have.

/// The postcode or the province, in the addresses of a country that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressPart {
    /// The kind of postcode or province, a word of libaddressinput: `zip`, `state`.
    pub label: &'static str,
    /// Whether an address without it is incomplete.
    pub is_required: bool,
}

/// The parts of an address that not every country has. `None` if the country does not have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressFormat {
    /// Postal code.
    pub postcode: Option<AddressPart>,
    /// Province, state or another division.
    pub province: Option<AddressPart>,
}

impl AddressFormat {
    /// The format while the country is missing or unknown: everything is required.
    pub const UNKNOWN: Self = Self::new(required("postal"), required("province"));

    pub(super) const fn new(postcode: Option<AddressPart>, province: Option<AddressPart>) -> Self {
        Self { postcode, province }
    }

    /// Whether an address without a postcode is incomplete.
    pub fn requires_postcode(self) -> bool {
        self.postcode.is_some_and(|part| part.is_required)
    }

    /// Whether an address without a province is incomplete.
    pub fn requires_province(self) -> bool {
        self.province.is_some_and(|part| part.is_required)
    }
}

pub(super) const fn required(label: &'static str) -> Option<AddressPart> {
    Some(AddressPart { label, is_required: true })
}

pub(super) const fn optional(label: &'static str) -> Option<AddressPart> {
    Some(AddressPart { label, is_required: false })
}
