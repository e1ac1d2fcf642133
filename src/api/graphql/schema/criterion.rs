//! The input types for the filter and the sort order of a connection.

use async_graphql::{Enum, InputObject, Json};
use serde_json::Value;

use super::date_time::DateTime;
use crate::service::customer::{
    AddressCriterion, AddressField, Compare, CompareMetafield, CompareText, Criterion, MetafieldCriterion,
    SignInCriterion, Sort, SortField,
};

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
    /// Time of the last login.
    last_sign_in_at: Option<DateTimeFilter>,
    /// The customer has an address that meets all of these conditions. Without a condition: it has an address.
    address: Option<AddressFilter>,
    /// A custom field.
    metafield: Option<MetafieldFilter>,
    /// Name, e-mail address and addresses (telephone number, postcode, city, lines) together contain each of these words,
    /// ignoring case and accents.
    keyword: Option<String>,
}

/// Conditions on an address, ignoring case and accents. One address must meet all of them.
#[derive(Debug, InputObject)]
pub(super) struct AddressFilter {
    /// ISO 3166-1 alpha-2 code of the country.
    country: Option<TextFilter>,
    /// ISO 3166-2 code of the province, or the stored text.
    province: Option<TextFilter>,
    /// City or town.
    city: Option<TextFilter>,
    /// Postal code, also ignoring spaces and hyphens.
    postcode: Option<TextFilter>,
    /// Telephone number; only digits are compared.
    telephone: Option<TextFilter>,
}

/// Conditions on a custom field. All given conditions must match, and at least one is required.
#[derive(Debug, InputObject)]
pub(super) struct MetafieldFilter {
    /// Namespace of the field.
    #[graphql(default = "custom")]
    namespace: String,
    /// Key of the field.
    key: String,
    /// Equal to this text, number or boolean; for a list: an item is equal to it.
    eq: Option<Json<Value>>,
    /// Equal to one of these values, at most 100.
    #[graphql(name = "in")]
    one_of: Option<Vec<Json<Value>>>,
    /// Whether the field has a value.
    exists: Option<bool>,
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
        let last_sign_in: Vec<_> =
            filter.last_sign_in_at.into_iter().flat_map(DateTimeFilter::compares).collect();
        if !last_sign_in.is_empty() {
            all.push(Self::LastSignInAt(SignInCriterion::new(last_sign_in)));
        }
        all.extend(filter.address.map(|address| Self::Address(address.into())));
        all.extend(filter.metafield.into_iter().flat_map(MetafieldFilter::criteria).map(Self::Metafield));
        all.extend(filter.keyword.map(Self::Keyword));
        // A filter with one condition becomes that condition, so that the limits count only what the client wrote.
        match <[Self; 1]>::try_from(all) {
            Ok([only]) => only,
            Err(all) => Self::All(all),
        }
    }
}

impl From<AddressFilter> for AddressCriterion {
    fn from(filter: AddressFilter) -> Self {
        let AddressFilter { country, province, city, postcode, telephone } = filter;
        let fields = [
            (AddressField::Country, country),
            (AddressField::Province, province),
            (AddressField::City, city),
            (AddressField::Postcode, postcode),
            (AddressField::Telephone, telephone),
        ];
        let conditions = fields.into_iter().flat_map(|(field, filter)| {
            filter.into_iter().flat_map(TextFilter::compares).map(move |compare| (field, compare))
        });
        Self::new(conditions.collect())
    }
}

impl MetafieldFilter {
    /// A criterion for each given condition.
    fn criteria(self) -> Vec<MetafieldCriterion> {
        let Self { namespace, key, eq, one_of, exists } = self;
        let values = |values: Vec<Json<Value>>| values.into_iter().map(|Json(value)| value).collect();
        let eq = eq.map(|value| CompareMetafield::In(values(vec![value])));
        let one_of = one_of.map(|list| CompareMetafield::In(values(list)));
        let mut compares: Vec<_> =
            [eq, one_of, exists.map(CompareMetafield::Exists)].into_iter().flatten().collect();
        if compares.is_empty() {
            compares.push(CompareMetafield::Missing);
        }
        let criterion = |compare| MetafieldCriterion::new(namespace.clone(), key.clone(), compare);
        compares.into_iter().map(criterion).collect()
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

/// The sort direction. Null is greater than every other value, but as the time of the last login it is smaller: customers
/// that never logged in come last in descending order.
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
    /// Time of the last login.
    LastSignInAt,
}

impl From<CustomerSort> for Sort {
    fn from(sort: CustomerSort) -> Self {
        Self { field: sort.field.into(), descending: sort.direction == SortDirection::Desc }
    }
}
