//! The text that keyword searches match for a customer: name, e-mail address, and the texts of its addresses.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::db::TxResult;
use crate::entity::{customer, customer_address};
use crate::types::{AddressTexts, EmailAddress, search_text};

/// Maximum length of the texts of all addresses of a customer, in bytes: enough for a hundred addresses of usual length.
/// Searches do not find what is beyond it.
const MAX_ADDRESS_TEXT: usize = 16 * 1024;

/// The columns of a customer that its search text is computed from, and the stored text.
type Searched = (i32, String, EmailAddress, String);

/// Joins name, e-mail address (domain as A-labels and in Unicode) and the texts of the addresses with line breaks. A
/// keyword contains no line break, so it never matches across two of them.
pub(in crate::service) fn search_text_of<'a>(
    full_name: &str,
    email: &EmailAddress,
    addresses: impl IntoIterator<Item = AddressTexts<'a>>,
) -> String {
    let key = email.key();
    let mut text = match email.unicode_key() {
        Some(unicode) => search_text(&format!("{full_name}\n{unicode}\n{key}")),
        None => search_text(&format!("{full_name}\n{key}")),
    };
    let max = text.len() + MAX_ADDRESS_TEXT;
    let mut lines = HashSet::new();
    for line in addresses.into_iter().flat_map(AddressTexts::folded) {
        if text.len() + 1 + line.len() > max {
            break;
        }
        if lines.insert(line.clone()) {
            text.push('\n');
            text.push_str(&line);
        }
    }
    text
}

/// The addresses of these customers, the default of each first.
pub(in crate::service) async fn addresses_of(
    tx: &impl ConnectionTrait,
    customer_ids: &[i32],
) -> TxResult<HashMap<i32, Vec<customer_address::Model>>> {
    let mut addresses: HashMap<i32, Vec<customer_address::Model>> = HashMap::new();
    for row in customer_address::Entity::find_by_customers(customer_ids).all(tx).await? {
        addresses.entry(row.customer_id).or_default().push(row);
    }
    Ok(addresses)
}

/// Computes the search text again after a change of the customer's addresses. The calling code has locked the
/// customer's row. A customer whose text is not computed yet is left to the worker.
pub(in crate::service) async fn refresh_search_text(
    tx: &impl ConnectionTrait,
    customer_id: i32,
) -> TxResult<()> {
    for customer in searched(tx, &[customer_id]).await? {
        let addresses = addresses_of(tx, &[customer_id]).await?.remove(&customer_id).unwrap_or_default();
        refresh(tx, &customer, &addresses).await?;
    }
    Ok(())
}

/// Computes the keys of all addresses of these customers, and the search texts of the customers.
pub(in crate::service) async fn index_addresses(
    tx: &impl ConnectionTrait,
    customer_ids: &[i32],
) -> TxResult<()> {
    use customer_address::Column::CustomerAddressId;
    let customers = searched(tx, customer_ids).await?;
    let rows = customer_address::Entity::find_by_customers(customer_ids).lock_exclusive().all(tx).await?;
    let mut addresses: HashMap<i32, Vec<customer_address::Model>> = HashMap::new();
    for row in rows {
        if row.city_key.is_none() {
            let update = customer_address::Entity::update_many().set(row.keys());
            update.filter(CustomerAddressId.eq(row.customer_address_id)).exec(tx).await?;
        }
        addresses.entry(row.customer_id).or_default().push(row);
    }
    for customer in customers {
        refresh(tx, &customer, addresses.get(&customer.0).map_or(&[], Vec::as_slice)).await?;
    }
    Ok(())
}

/// Reads and locks these customers.
async fn searched(tx: &impl ConnectionTrait, customer_ids: &[i32]) -> TxResult<Vec<Searched>> {
    use customer::Column::{CustomerId, Email, FullName, SearchText};
    let select = customer::Entity::find().select_only().columns([CustomerId, FullName, Email, SearchText]);
    let select = select.filter(CustomerId.is_in(customer_ids.iter().copied())).order_by_asc(CustomerId);
    Ok(select.lock_exclusive().into_tuple().all(tx).await?)
}

async fn refresh(
    tx: &impl ConnectionTrait,
    (customer_id, full_name, email, stored): &Searched,
    addresses: &[customer_address::Model],
) -> TxResult<()> {
    use customer::Column::{CustomerId, SearchText};
    let text = search_text_of(full_name, email, addresses.iter().map(customer_address::Model::texts));
    if stored.is_empty() || *stored == text {
        return Ok(());
    }
    let update = customer::Entity::update_many().col_expr(SearchText, Expr::val(text));
    update.filter(CustomerId.eq(*customer_id)).exec(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{MAX_ADDRESS_TEXT, search_text_of};
    use crate::types::{AddressTexts, EmailAddress};

    fn address(city: &str) -> AddressTexts<'_> {
        AddressTexts {
            telephone: Some("+1 555-0100"),
            postcode: Some("M5V 2A2"),
            city: Some(city),
            address_1: Some("1 Straße"),
            address_2: None,
        }
    }

    #[test]
    fn the_texts_of_addresses_follow_each_once() {
        let email = EmailAddress::parse("a@x.io").unwrap();
        let text = search_text_of("Ann", &email, [address("Łódź"), address("Łódź")]);
        assert_eq!(text, "ann\na@x.io\n+1 555-0100\nm5v 2a2\nlodz\n1 strasse\n15550100\nm5v2a2");
        assert_eq!(search_text_of("Ann", &email, []), "ann\na@x.io");
    }

    #[test]
    fn the_texts_of_addresses_are_limited() {
        let email = EmailAddress::parse("a@x.io").unwrap();
        let cities: Vec<String> = (0..100).map(|number| format!("{}{number}", "x".repeat(200))).collect();
        let text = search_text_of("Ann", &email, cities.iter().map(|city| address(city)));
        assert!(text.len() <= "ann\na@x.io".len() + MAX_ADDRESS_TEXT, "{}", text.len());
        assert!(text.contains("xx0\n") && !text.contains("xx99"));
    }
}
