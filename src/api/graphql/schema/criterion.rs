//! The input types for the filter and the sort order of a connection.

use async_graphql::{Enum, InputObject};

use super::date_time::DateTime;
use crate::service::customer::{Compare, CompareText, Criterion, Sort, SortField};

/// Conditions on customers. All given conditions must match; a condition that is null is ignored. At most 10 levels and
/// 100 conditions.
#[derive(Debug, Default, InputObject)]
pub(super) struct CustomerFilter {
    /// All of these conditions. An empty list matches every customer.
    and: Option<Vec<CustomerFilter>>,
    /// At least one of these conditions. An empty list matches no customer.
    or: Option<Vec<CustomerFilter>>,
    /// Not this condition.
    not: Option<Box<CustomerFilter>>,
    /// Numeric ID.
    customer_id: Option<IntFilter>,
    /// 1 enabled, 0 disabled.
    status: Option<IntFilter>,
    /// Numeric ID of the group.
    group_id: Option<IntFilter>,
    /// Display name, ignoring the case of ASCII letters.
    full_name: Option<TextFilter>,
    /// E-mail address, ignoring case. The domain can be in Unicode or in A-labels.
    email: Option<TextFilter>,
    /// Whether the e-mail address is verified.
    email_verified: Option<bool>,
    /// Time of registration.
    created_at: Option<DateTimeFilter>,
    /// Time of the last change.
    updated_at: Option<DateTimeFilter>,
    /// The name or the e-mail address contains each of these words, ignoring case and accents.
    keyword: Option<String>,
}

/// Conditions on a number. All given conditions must match.
#[derive(Debug, InputObject)]
pub(super) struct IntFilter {
    /// Equal to this value.
    eq: Option<i32>,
    /// Equal to one of these values, at most 100.
    #[graphql(name = "in")]
    one_of: Option<Vec<i32>>,
    /// Greater than this value.
    gt: Option<i32>,
    /// Greater than or equal to this value.
    gteq: Option<i32>,
    /// Less than this value.
    lt: Option<i32>,
    /// Less than or equal to this value.
    lteq: Option<i32>,
}

/// Conditions on a timestamp. All given conditions must match.
#[derive(Debug, InputObject)]
pub(super) struct DateTimeFilter {
    /// Later than this timestamp.
    gt: Option<DateTime>,
    /// At or after this timestamp.
    gteq: Option<DateTime>,
    /// Earlier than this timestamp.
    lt: Option<DateTime>,
    /// At or before this timestamp.
    lteq: Option<DateTime>,
}

/// Conditions on a text. All given conditions must match. Values have at most 1 000 characters.
#[derive(Debug, InputObject)]
pub(super) struct TextFilter {
    /// Equal to this value.
    eq: Option<String>,
    /// Equal to one of these values, at most 100.
    #[graphql(name = "in")]
    one_of: Option<Vec<String>>,
    /// Contains this text.
    contains: Option<String>,
    /// Starts with this text.
    starts_with: Option<String>,
}

impl From<CustomerFilter> for Criterion {
    fn from(filter: CustomerFilter) -> Self {
        let CustomerFilter { and, or, not, customer_id, status, group_id, full_name, email, .. } = filter;
        let inner = |filters: Vec<CustomerFilter>| filters.into_iter().map(Self::from).collect();
        let mut all = Vec::new();
        all.extend(and.map(inner).map(Self::All));
        all.extend(or.map(inner).map(Self::Any));
        all.extend(not.map(|filter| Self::Not(Box::new((*filter).into()))));
        all.extend(customer_id.into_iter().flat_map(IntFilter::compares).map(Self::CustomerId));
        all.extend(status.into_iter().flat_map(IntFilter::compares).map(Self::Status));
        all.extend(group_id.into_iter().flat_map(IntFilter::compares).map(Self::GroupId));
        all.extend(full_name.into_iter().flat_map(TextFilter::compares).map(Self::FullName));
        all.extend(email.into_iter().flat_map(TextFilter::compares).map(Self::Email));
        all.extend(filter.email_verified.map(Self::EmailVerified));
        all.extend(filter.created_at.into_iter().flat_map(DateTimeFilter::compares).map(Self::CreatedAt));
        all.extend(filter.updated_at.into_iter().flat_map(DateTimeFilter::compares).map(Self::UpdatedAt));
        all.extend(filter.keyword.map(Self::Keyword));
        // A filter with one condition becomes that condition, so that the limits count only what the client wrote.
        match <[Self; 1]>::try_from(all) {
            Ok([only]) => only,
            Err(all) => Self::All(all),
        }
    }
}

impl IntFilter {
    fn compares(self) -> impl Iterator<Item = Compare<i32>> {
        let Self { eq, one_of, gt, gteq, lt, lteq } = self;
        let equal = [eq.map(Compare::Eq), one_of.map(Compare::In)];
        let bounds =
            [gt.map(Compare::Gt), gteq.map(Compare::Gteq), lt.map(Compare::Lt), lteq.map(Compare::Lteq)];
        equal.into_iter().chain(bounds).flatten()
    }
}

impl DateTimeFilter {
    fn compares(self) -> impl Iterator<Item = Compare<chrono::DateTime<chrono::Utc>>> {
        let Self { gt, gteq, lt, lteq } = self;
        let time = |time: Option<DateTime>| time.map(|DateTime(time)| time);
        let later = [time(gt).map(Compare::Gt), time(gteq).map(Compare::Gteq)];
        let earlier = [time(lt).map(Compare::Lt), time(lteq).map(Compare::Lteq)];
        later.into_iter().chain(earlier).flatten()
    }
}

impl TextFilter {
    fn compares(self) -> impl Iterator<Item = CompareText> {
        let Self { eq, one_of, contains, starts_with } = self;
        let whole = [eq.map(CompareText::Eq), one_of.map(CompareText::In)];
        let part = [contains.map(CompareText::Contains), starts_with.map(CompareText::StartsWith)];
        whole.into_iter().chain(part).flatten()
    }
}

/// A sort criterion for customers.
#[derive(Debug, InputObject)]
pub(super) struct CustomerSort {
    /// The field to sort by.
    field: CustomerSortField,
    /// Ascending or descending.
    #[graphql(default)]
    direction: SortDirection,
}

/// The sort direction. Null is greater than every other value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(super) enum SortDirection {
    /// Ascending.
    #[default]
    Asc,
    /// Descending.
    Desc,
}

/// The fields by which customers can be sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "SortField")]
pub(super) enum CustomerSortField {
    /// Numeric ID.
    CustomerId,
    /// E-mail address, ignoring case, with the domain in A-labels.
    Email,
    /// Display name, by code point.
    FullName,
    /// 1 enabled, 0 disabled.
    Status,
    /// Numeric ID of the group.
    GroupId,
    /// Time at which the e-mail address was verified.
    EmailVerifiedAt,
    /// Time of registration.
    CreatedAt,
    /// Time of the last change.
    UpdatedAt,
}

impl From<CustomerSort> for Sort {
    fn from(sort: CustomerSort) -> Self {
        Self { field: sort.field.into(), descending: sort.direction == SortDirection::Desc }
    }
}
