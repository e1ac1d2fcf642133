//! The filter and the order of a connection, as they come in.

use async_graphql::{Enum, InputObject};

use super::date_time::DateTime;
use crate::service::customer::{Compare, CompareText, Criterion, Sort, SortField as Field};

/// Conditions on customers; all that are given have to be met, and one that is null is none. At most 10 levels and
/// 100 conditions.
#[derive(Debug, Default, InputObject)]
pub(super) struct CustomerFilter {
    /// All of these; met by every customer when the list is empty.
    and: Option<Vec<CustomerFilter>>,
    /// At least one of these; met by no customer when the list is empty.
    or: Option<Vec<CustomerFilter>>,
    /// Not this.
    not: Option<Box<CustomerFilter>>,
    /// Primary key.
    customer_id: Option<IntFilter>,
    /// 1 enabled, 0 disabled.
    status: Option<IntFilter>,
    /// The group's primary key.
    group_id: Option<IntFilter>,
    /// Display name, whatever the case of its ASCII letters.
    full_name: Option<TextFilter>,
    /// E-mail address, in any case, with its domain in Unicode or as A-labels.
    email: Option<TextFilter>,
    /// Whether the address is known to be its own.
    email_verified: Option<bool>,
    /// When it was registered.
    created_at: Option<DateTimeFilter>,
    /// When it last changed.
    updated_at: Option<DateTimeFilter>,
    /// Name or e-mail address holds each word of it, whatever case and accents.
    keyword: Option<String>,
}

/// Conditions on a number; all that are given have to be met.
#[derive(Debug, InputObject)]
pub(super) struct IntFilter {
    /// Is equal.
    eq: Option<i32>,
    /// Is one of these, at most 100.
    #[graphql(name = "in")]
    one_of: Option<Vec<i32>>,
    /// Is greater.
    gt: Option<i32>,
    /// Is greater or equal.
    gteq: Option<i32>,
    /// Is less.
    lt: Option<i32>,
    /// Is less or equal.
    lteq: Option<i32>,
}

/// Conditions on a moment; all that are given have to be met.
#[derive(Debug, InputObject)]
pub(super) struct DateTimeFilter {
    /// Is later.
    gt: Option<DateTime>,
    /// Is the same or later.
    gteq: Option<DateTime>,
    /// Is earlier.
    lt: Option<DateTime>,
    /// Is the same or earlier.
    lteq: Option<DateTime>,
}

/// Conditions on a text of at most 1 000 characters; all that are given have to be met.
#[derive(Debug, InputObject)]
pub(super) struct TextFilter {
    /// Is equal.
    eq: Option<String>,
    /// Is one of these, at most 100.
    #[graphql(name = "in")]
    one_of: Option<Vec<String>>,
    /// Holds it.
    contains: Option<String>,
    /// Starts with it.
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
        // A filter of one condition is that condition: the bounds count what was written.
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
        let moment = |moment: Option<DateTime>| moment.map(|DateTime(moment)| moment);
        let later = [moment(gt).map(Compare::Gt), moment(gteq).map(Compare::Gteq)];
        let earlier = [moment(lt).map(Compare::Lt), moment(lteq).map(Compare::Lteq)];
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

/// What customers are to be sorted by.
#[derive(Debug, InputObject)]
pub(super) struct CustomerSort {
    /// The field.
    field: CustomerSortField,
    /// The least or the greatest first.
    #[graphql(default)]
    direction: SortDirection,
}

/// Which comes first. Null counts as greater than everything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(super) enum SortDirection {
    /// The least first.
    #[default]
    Asc,
    /// The greatest first.
    Desc,
}

/// What customers can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum CustomerSortField {
    /// Primary key.
    CustomerId,
    /// E-mail address, in any case, with its domain in Unicode or as A-labels.
    Email,
    /// Display name, by code point.
    FullName,
    /// 1 enabled, 0 disabled.
    Status,
    /// The group's primary key.
    GroupId,
    /// Since when its address is known to be its own.
    EmailVerifiedAt,
    /// When it was registered.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
}

impl From<CustomerSort> for Sort {
    fn from(sort: CustomerSort) -> Self {
        Self { field: sort.field.into(), descending: sort.direction == SortDirection::Desc }
    }
}

/// The two enums are one: a new field fails to compile until it is in both.
macro_rules! same_fields {
    ($($name:ident)*) => {
        impl From<CustomerSortField> for Field {
            fn from(field: CustomerSortField) -> Self {
                match field { $(CustomerSortField::$name => Self::$name),* }
            }
        }
    };
}
same_fields!(CustomerId Email FullName Status GroupId EmailVerifiedAt CreatedAt UpdatedAt);
