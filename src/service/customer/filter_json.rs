//! Parses the filter of a connection from JSON, for REST: the names and rules of GraphQL's `CustomerFilter`.
//!
//! A problem names the path to its value, such as `filter.and[1].status.eq`. Null is ignored, as in GraphQL. The limits on
//! depth, conditions and values are those of [`Criterion`].

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::address_criterion::{AddressCriterion, AddressField};
use super::compare::{Compare, CompareText};
use super::criterion::Criterion;
use super::metafield_criterion::{CompareMetafield, MetafieldCriterion};
use super::sign_in_criterion::SignInCriterion;
use crate::error::{Error, Result};
use crate::service::input::patch::as_integer;
use crate::types::{InvalidTimestamp, parse_rfc3339};

/// The names of a filter, for the message about an unknown one.
const NAMES: &[&str] = &[
    "and",
    "or",
    "not",
    "customerId",
    "status",
    "groupId",
    "fullName",
    "email",
    "emailVerified",
    "createdAt",
    "updatedAt",
    "lastSignInAt",
    "address",
    "metafield",
    "keyword",
];

/// Parses a filter and checks its limits. `path` is its name in messages.
///
/// # Errors
/// [`Error::Invalid`] names the first unknown name or invalid value, by its path.
pub fn parse_json(path: &str, filter: &Value) -> Result<Criterion> {
    let criterion = criterion(path, filter)?;
    criterion.check()?;
    Ok(criterion)
}

fn criterion(path: &str, filter: &Value) -> Result<Criterion> {
    let Value::Object(fields) = filter else {
        return Err(Error::invalid(path, "A filter must be an object"));
    };
    let mut all = Vec::new();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        all.extend(conditions(&format!("{path}.{name}"), name, value)?);
    }
    // A filter with one condition becomes that condition, so that the limits count only what the client wrote.
    Ok(match <[Criterion; 1]>::try_from(all) {
        Ok([only]) => only,
        Err(all) => Criterion::All(all),
    })
}

/// The conditions of one property of a filter.
fn conditions(path: &str, name: &str, value: &Value) -> Result<Vec<Criterion>> {
    let each = |wrap: fn(Compare<i32>) -> Criterion| -> Result<Vec<Criterion>> {
        Ok(numbers(path, value)?.into_iter().map(wrap).collect())
    };
    let each_text = |wrap: fn(CompareText) -> Criterion| -> Result<Vec<Criterion>> {
        Ok(texts(path, value)?.into_iter().map(wrap).collect())
    };
    let each_time = |wrap: fn(Compare<DateTime<Utc>>) -> Criterion| -> Result<Vec<Criterion>> {
        Ok(times(path, value)?.into_iter().map(wrap).collect())
    };
    match name {
        "and" => Ok(vec![Criterion::All(list(path, value, criterion)?)]),
        "or" => Ok(vec![Criterion::Any(list(path, value, criterion)?)]),
        "not" => Ok(vec![Criterion::Not(Box::new(criterion(path, value)?))]),
        "customerId" => each(Criterion::CustomerId),
        "status" => each(Criterion::Status),
        "groupId" => each(Criterion::GroupId),
        "fullName" => each_text(Criterion::FullName),
        "email" => each_text(Criterion::Email),
        "emailVerified" => Ok(vec![Criterion::EmailVerified(boolean(path, value)?)]),
        "createdAt" => each_time(Criterion::CreatedAt),
        "updatedAt" => each_time(Criterion::UpdatedAt),
        "lastSignInAt" => {
            let compares = Some(times(path, value)?).filter(|compares| !compares.is_empty());
            Ok(compares.map(SignInCriterion::new).map(Criterion::LastSignInAt).into_iter().collect())
        }
        "address" => Ok(vec![Criterion::Address(address(path, value)?)]),
        "metafield" => Ok(metafield(path, value)?.into_iter().map(Criterion::Metafield).collect()),
        "keyword" => Ok(vec![Criterion::Keyword(text(path, value)?)]),
        _ => Err(unknown(path, NAMES)),
    }
}

fn address(path: &str, value: &Value) -> Result<AddressCriterion> {
    let names = ["country", "province", "city", "postcode", "telephone"];
    let conditions = comparisons(path, value, &names, |name, path, value| {
        let field = match name {
            "country" => AddressField::Country,
            "province" => AddressField::Province,
            "city" => AddressField::City,
            "postcode" => AddressField::Postcode,
            _ => AddressField::Telephone,
        };
        Ok(texts(path, value)?.into_iter().map(move |compare| (field, compare)).collect::<Vec<_>>())
    })?;
    Ok(AddressCriterion::new(conditions.into_iter().flatten().collect()))
}

fn metafield(path: &str, value: &Value) -> Result<Vec<MetafieldCriterion>> {
    let (mut namespace, mut key) = ("custom".to_owned(), None);
    let names = ["namespace", "key", "eq", "in", "exists"];
    let mut compares = Vec::new();
    for (name, value) in
        comparisons(path, value, &names, |name, _, value| Ok((name.to_owned(), value.clone())))?
    {
        let path = format!("{path}.{name}");
        match name.as_str() {
            "namespace" => namespace = text(&path, &value)?,
            "key" => key = Some(text(&path, &value)?),
            "eq" => compares.push(CompareMetafield::In(vec![value])),
            "in" => compares.push(CompareMetafield::In(list(&path, &value, |_, item| Ok(item.clone()))?)),
            _ => compares.push(CompareMetafield::Exists(boolean(&path, &value)?)),
        }
    }
    let key = key.ok_or_else(|| Error::invalid(path, "The condition needs a key"))?;
    if compares.is_empty() {
        compares.push(CompareMetafield::Missing);
    }
    let criterion = |compare| MetafieldCriterion::new(namespace.clone(), key.clone(), compare);
    Ok(compares.into_iter().map(criterion).collect())
}

fn numbers(path: &str, value: &Value) -> Result<Vec<Compare<i32>>> {
    comparisons(path, value, &["eq", "in", "gt", "gteq", "lt", "lteq"], |name, path, value| {
        Ok(match name {
            "eq" => Compare::Eq(number(path, value)?),
            "in" => Compare::In(list(path, value, number)?),
            "gt" => Compare::Gt(number(path, value)?),
            "gteq" => Compare::Gteq(number(path, value)?),
            "lt" => Compare::Lt(number(path, value)?),
            _ => Compare::Lteq(number(path, value)?),
        })
    })
}

fn times(path: &str, value: &Value) -> Result<Vec<Compare<DateTime<Utc>>>> {
    comparisons(path, value, &["gt", "gteq", "lt", "lteq"], |name, path, value| {
        let time = time(path, value)?;
        Ok(match name {
            "gt" => Compare::Gt(time),
            "gteq" => Compare::Gteq(time),
            "lt" => Compare::Lt(time),
            _ => Compare::Lteq(time),
        })
    })
}

fn texts(path: &str, value: &Value) -> Result<Vec<CompareText>> {
    comparisons(path, value, &["eq", "in", "contains", "startsWith"], |name, path, value| {
        Ok(match name {
            "eq" => CompareText::Eq(text(path, value)?),
            "in" => CompareText::In(list(path, value, text)?),
            "contains" => CompareText::Contains(text(path, value)?),
            _ => CompareText::StartsWith(text(path, value)?),
        })
    })
}

/// The comparisons of one field, by their names. `parse` is only called with one of the names.
fn comparisons<T>(
    path: &str,
    value: &Value,
    names: &[&str],
    parse: impl Fn(&str, &str, &Value) -> Result<T>,
) -> Result<Vec<T>> {
    let Value::Object(fields) = value else {
        return Err(Error::invalid(
            path,
            format!("The conditions must be an object of {}", names.join(", ")),
        ));
    };
    let given = fields.iter().filter(|(_, value)| !value.is_null());
    given
        .map(|(name, value)| {
            let path = format!("{path}.{name}");
            if names.contains(&name.as_str()) {
                parse(name, &path, value)
            } else {
                Err(unknown(&path, names))
            }
        })
        .collect()
}

fn list<T>(path: &str, value: &Value, parse: impl Fn(&str, &Value) -> Result<T>) -> Result<Vec<T>> {
    let Value::Array(items) = value else { return Err(Error::invalid(path, "The value must be a list")) };
    items.iter().enumerate().map(|(index, item)| parse(&format!("{path}[{index}]"), item)).collect()
}

fn number(path: &str, value: &Value) -> Result<i32> {
    let number = value.as_number().and_then(as_integer).and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| Error::invalid(path, "The value must be a whole number of 32 bits"))
}

fn text(path: &str, value: &Value) -> Result<String> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| Error::invalid(path, "The value must be a string"))
}

fn boolean(path: &str, value: &Value) -> Result<bool> {
    value.as_bool().ok_or_else(|| Error::invalid(path, "The value must be true or false"))
}

fn time(path: &str, value: &Value) -> Result<DateTime<Utc>> {
    let malformed = "The value must be a timestamp of RFC 3339, such as 2023-02-07T14:18:05.000Z";
    match value.as_str().map_or(Err(InvalidTimestamp::Malformed), parse_rfc3339) {
        Ok(time) => Ok(time),
        Err(InvalidTimestamp::Malformed) => Err(Error::invalid(path, malformed)),
        Err(leap @ InvalidTimestamp::LeapSecond) => Err(Error::invalid(path, format!("The value {leap}"))),
    }
}

fn unknown(path: &str, known: &[&str]) -> Error {
    Error::invalid(path, format!("Unknown name. Known names: {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::parse_json;
    use crate::error::Error;

    fn problem(filter: &Value) -> (String, String) {
        match parse_json("filter", filter) {
            Err(Error::Invalid(problems)) => (problems[0].field.clone(), problems[0].message.clone()),
            other => panic!("{filter}: {other:?}"),
        }
    }

    #[test]
    fn every_condition_of_graphql_is_parsed() {
        let filter = json!({
            "and": [{"status": {"eq": 1}}, {"customerId": {"in": [1, 2.0], "gt": 0, "gteq": 0, "lt": 9, "lteq": 9}}],
            "or": [{"fullName": {"eq": "a", "in": ["b"], "contains": "c", "startsWith": "d"}}],
            "not": {"email": {"startsWith": "x"}, "groupId": null},
            "emailVerified": true,
            "createdAt": {"gt": "2023-02-07T14:18:05.000Z", "lteq": "2024-02-07T15:18:05+01:00"},
            "updatedAt": {"gteq": "2023-02-07T14:18:05Z", "lt": null},
            "lastSignInAt": {"gteq": "2023-02-07T14:18:05Z"},
            "address": {"city": {"eq": "Austin"}, "telephone": {"startsWith": "+1"}, "country": null},
            "metafield": {"key": "loyalty", "in": ["gold", 7], "exists": true},
            "keyword": "john",
        });
        parse_json("filter", &filter).unwrap();
        assert_eq!(format!("{:?}", parse_json("filter", &json!({})).unwrap()), "All([])");
        let one = parse_json("filter", &json!({"status": {"eq": 1}})).unwrap();
        assert_eq!(format!("{one:?}"), "Status(Eq(1))");
    }

    #[test]
    fn a_problem_names_its_path() {
        for (filter, path) in [
            (json!(7), "filter"),
            (json!({"nope": 1}), "filter.nope"),
            (json!({"full_name": {"eq": "a"}}), "filter.full_name"),
            (json!({"and": {}}), "filter.and"),
            (json!({"and": [{}, {"status": {"eq": "1"}}]}), "filter.and[1].status.eq"),
            (json!({"not": {"email": {"like": "x"}}}), "filter.not.email.like"),
            (json!({"groupId": {"in": [1, 2147483648_u64]}}), "filter.groupId.in[1]"),
            (json!({"createdAt": {"gt": "yesterday"}}), "filter.createdAt.gt"),
            (json!({"keyword": 1}), "filter.keyword"),
            (json!({"address": {"street": {"eq": "a"}}}), "filter.address.street"),
            (json!({"metafield": {"eq": 1}}), "filter.metafield"),
            (json!({"metafield": {"key": "a", "exists": 1}}), "filter.metafield.exists"),
            (json!({"emailVerified": "yes"}), "filter.emailVerified"),
        ] {
            assert_eq!(problem(&filter).0, path, "{filter}");
        }
    }

    #[test]
    fn the_limits_are_those_of_graphql() {
        let many = json!({"or": vec![json!({"status": {"eq": 1}}); 100]});
        assert_eq!(problem(&many).1, "A filter has at most 100 conditions");
        let deep = (0..11).fold(json!({"keyword": "a"}), |inner, _| json!({"not": inner}));
        assert_eq!(problem(&deep).1, "A filter is at most 10 levels deep");
        let values = json!({"customerId": {"in": vec![1; 101]}});
        assert_eq!(problem(&values).1, "A condition has at most 100 values");
    }
}
