//! The orders of a list of customers.

/// The fields that customers can be sorted by, named as in the API.
#[expect(missing_docs, reason = "the names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortField {
    CustomerId,
    Email,
    FullName,
    Status,
    GroupId,
    EmailVerifiedAt,
    CreatedAt,
    UpdatedAt,
    LastSignInAt,
}

/// One field of a sort order.
#[derive(Clone, Copy, Debug)]
pub struct Sort {
    /// The field.
    pub field: SortField,
    /// Whether the greatest value comes first.
    pub descending: bool,
}
