//! Filters by addresses, custom fields and the last login use indexes, however many customers match, and have the same
//! result whichever way the database reads.

use patron::entity::{customer_address, customer_metafield_value};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait};
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, apply, on_both_databases, plan, statements_of};

/// The customers with the most common values: more than those that are found first.
const MANY: i32 = 5200;
/// The customers with values that no other customer has.
const OTHERS: i32 = 300;
const DAY_AFTER: &str = "2026-01-03T00:00:00Z";

const PAGE: &str = "query ($filter: CustomerFilter, $sort: [CustomerSort!]) {
    customersConnection(filter: $filter, sort: $sort, first: 5) { nodes { customerId } } }";
const COUNT: &str = "query ($filter: CustomerFilter) { customersConnection(filter: $filter) { totalCount } }";

/// The rows of one of the customers.
fn address(customer_id: i32, city: &str) -> customer_address::ActiveModel {
    let mut row = customer_address::ActiveModel {
        customer_id: Set(customer_id),
        country: Set("US".to_owned()),
        city: Set(Some(city.to_owned())),
        province: Set(Some("US-TX".to_owned())),
        postcode: Set(Some(format!("{:05}", 10_000 + customer_id))),
        telephone: Set(Some(format!("+1 555 {customer_id:07}"))),
        ..Default::default()
    };
    row.derive_keys();
    row
}

fn value(customer_id: i32, value_key: &str) -> customer_metafield_value::ActiveModel {
    customer_metafield_value::ActiveModel {
        name: Set("custom.tier".to_owned()),
        value_key: Set(value_key.to_owned()),
        customer_id: Set(customer_id),
    }
}

/// Creates customers whose primary keys count from 1. The first `MANY` live in Austin and are silver; each of the others
/// lives in its own town and has its own tier. Every customer logged in on the same day, but the one with the key 7 a day
/// later.
async fn create_many(app: &TestApp) {
    let definition =
        json!({"ownerType": "customer", "fieldKey": "tier", "name": "Tier", "fieldType": "short_text"});
    app.admin().post("/api/metafield-definitions", &definition).await.data();
    app.register("template@x.io").await;
    app.copy_customer(&app.customers().await[0], (MANY + OTHERS - 1) as u128).await;
    let db = app.app.db.writer();
    let ids: Vec<i32> = (1..=MANY + OTHERS).collect();
    let own = |id: &i32, common: &str, own: &str| {
        if *id <= MANY { common.to_owned() } else { format!("{own}{id}") }
    };
    for chunk in ids.chunks(500) {
        let rows = chunk.iter().map(|id| address(*id, &own(id, "Austin", "Town")));
        customer_address::Entity::insert_many(rows).exec_without_returning(db).await.unwrap();
        let rows = chunk.iter().map(|id| value(*id, &own(id, "ssilver", "stier")));
        customer_metafield_value::Entity::insert_many(rows).exec_without_returning(db).await.unwrap();
    }
    // In the format of the driver on SQLite.
    for (at, condition) in
        [("2026-01-02T00:00:00+00:00", ""), ("2026-01-03T00:00:00+00:00", "WHERE customer_id = 7")]
    {
        let update = format!("UPDATE customer SET last_sign_in_at = '{at}' {condition}");
        db.execute_unprepared(&update).await.unwrap();
    }
    if app.app.db.backend() == DbBackend::Postgres {
        db.execute_unprepared("VACUUM ANALYZE").await.unwrap();
    }
}

/// The statement that reads the page, its plan, and the rows of the page.
async fn read(app: &TestApp, filter: &Value, sort: &Value) -> (String, String, Vec<i64>) {
    let variables = json!({"filter": filter, "sort": sort});
    let (response, statements) = statements_of(&app.admin(), PAGE, variables).await;
    let data = response.data();
    let nodes = data["customersConnection"]["nodes"].as_array().unwrap().iter();
    let ids = nodes.map(|node| node["customerId"].as_i64().unwrap()).collect();
    let statement = statements.last().unwrap().clone();
    let plan = plan(app, &statement).await;
    (statement, plan, ids)
}

/// The index in the name that the database gives it.
fn index<'a>(app: &TestApp, name: &'a str) -> &'a str {
    match app.app.db.backend() {
        DbBackend::Sqlite if name == "customer_metafield_value_pkey" => {
            "sqlite_autoindex_customer_metafield_value_1"
        }
        _ => name,
    }
}

const CITY: &str = "customer_address_city_key_customer_id_idx";
const VALUE: &str = "customer_metafield_value_pkey";
const SIGN_IN: &str = "customer_last_sign_in_at_customer_id_idx";

/// Few rows match: the index of the rows finds them first.
#[apply(on_both_databases!)]
async fn rare_values_are_found_by_their_index(app: &TestApp) {
    create_many(app).await;
    let number = MANY + 9;
    let (town, tier) = (format!("TOWN{number}"), format!("tier{number}"));
    for (filter, name, expected) in [
        (json!({"address": {"city": {"eq": town}}}), CITY, number),
        (json!({"address": {"city": {"startsWith": town}, "country": {"eq": "US"}}}), CITY, number),
        (
            json!({"address": {"postcode": {"eq": "10007"}}}),
            "customer_address_postcode_key_customer_id_idx",
            7,
        ),
        (
            json!({"address": {"telephone": {"eq": "+1 (555) 0000-007"}, "province": {"eq": "us-tx"}}}),
            "customer_address_telephone_key_customer_id_idx",
            7,
        ),
        (json!({"metafield": {"key": "tier", "eq": tier}}), VALUE, number),
        (
            json!({"and": [{"status": {"eq": 1}}, {"metafield": {"key": "tier", "in": [tier, "x"]}}]}),
            VALUE,
            number,
        ),
        (json!({"lastSignInAt": {"gteq": DAY_AFTER}}), SIGN_IN, 7),
        (json!({"lastSignInAt": {"gt": "2026-01-02T12:00:00Z", "lt": "2027-01-01T00:00:00Z"}}), SIGN_IN, 7),
    ] {
        let (statement, plan, ids) = read(app, &filter, &json!([])).await;
        assert_eq!(ids, [i64::from(expected)], "{filter}");
        let scans = plan.contains("SCAN customer\n") || plan.contains("Seq Scan on customer ");
        assert!(plan.contains(index(app, name)) && !scans, "{filter}: {statement}\n{plan}");
    }
}

/// Many rows match: the page is read in its order, and the rows of each customer are looked up.
#[apply(on_both_databases!)]
async fn common_values_are_looked_up_for_each_customer_of_the_page(app: &TestApp) {
    create_many(app).await;
    let five_before = |last: i32| (0..5).map(|ago| i64::from(last - ago)).collect::<Vec<i64>>();
    let (common, all) = (five_before(MANY), five_before(MANY + OTHERS));
    let lookups = match app.app.db.backend() {
        DbBackend::Sqlite => ["SCAN customer\n", "(customer_id=?"],
        _ => ["Index Scan Backward using customer_pkey on customer ", "SubPlan"],
    };
    for (filter, expected) in [
        (json!({"address": {"city": {"eq": "Austin"}}}), &common),
        (json!({"address": {"city": {"startsWith": "au"}, "country": {"in": ["us", "CA"]}}}), &common),
        (json!({"metafield": {"key": "tier", "eq": "silver"}}), &common),
        (json!({"not": {"metafield": {"key": "tier", "eq": "tier1"}}}), &all),
        (json!({"not": {"address": {"city": {"eq": "Boston"}}}}), &all),
        (json!({"or": [{"address": {"city": {"eq": "Austin"}}}, {"email": {"eq": "nobody@x.io"}}]}), &common),
        (json!({"metafield": {"key": "tier", "exists": true}}), &all),
    ] {
        let (statement, plan, page) = read(app, &filter, &json!([])).await;
        assert_eq!(page, *expected, "{filter}");
        let is_in_order = lookups.iter().all(|part| plan.contains(part));
        assert!(is_in_order && !plan.contains("Sort"), "{filter}: {statement}\n{plan}");
    }
    let since = json!({"lastSignInAt": {"gteq": "2026-01-01T00:00:00Z"}});
    let (statement, plan, page) = read(app, &since, &json!([])).await;
    assert_eq!(page, all);
    assert!(plan.contains(lookups[0]) && !plan.contains("TEMP B-TREE"), "{statement}\n{plan}");
}

/// The order by the last login reads its index in both directions, also with a filter.
#[apply(on_both_databases!)]
async fn the_order_by_last_login_uses_its_index(app: &TestApp) {
    create_many(app).await;
    let town = json!({"address": {"city": {"eq": format!("town{}", MANY + 9)}}});
    for (direction, filter, first) in [
        ("DESC", json!({}), 7),
        ("DESC", json!({"lastSignInAt": {"gteq": "2026-01-01T00:00:00Z"}}), 7),
        ("ASC", json!({}), 1),
        ("ASC", json!({"lastSignInAt": {"lt": "2027-01-01T00:00:00Z"}}), 1),
        ("ASC", town.clone(), MANY + 9),
    ] {
        let sort = json!([{"field": "LAST_SIGN_IN_AT", "direction": direction}]);
        let (statement, plan, page) = read(app, &filter, &sort).await;
        assert_eq!(page[0], i64::from(first), "{direction} {filter}");
        // A single row is found first, and sorted.
        let name = if filter == town { CITY } else { SIGN_IN };
        assert!(plan.contains(name), "{direction} {filter}: {statement}\n{plan}");
        let is_sorted = plan.contains("TEMP B-TREE") || plan.contains("Sort Key");
        assert!(!is_sorted || filter == town, "{direction} {filter}: {statement}\n{plan}");
    }
}

/// The number of statements does not depend on the number of rows, and is limited for many conditions.
#[apply(on_both_databases!)]
async fn the_number_of_statements_is_bounded(app: &TestApp) {
    create_many(app).await;
    let city = json!({"address": {"city": {"eq": "Austin"}, "country": {"eq": "US"}, "postcode": {"startsWith": "1"}}});
    let tier = json!({"metafield": {"key": "tier", "eq": "silver"}});
    let signed_in = json!({"lastSignInAt": {"gteq": "2026-01-01T00:00:00Z", "lt": "2027-01-01T00:00:00Z"}});
    for (filter, query, expected) in [
        // The caller, the number of rows, and the page.
        (city.clone(), PAGE, 3),
        (city.clone(), COUNT, 3),
        (signed_in.clone(), PAGE, 3),
        // And the definitions.
        (tier.clone(), PAGE, 4),
        (json!({"and": [city, tier.clone(), signed_in]}), PAGE, 6),
        (json!({"or": [tier.clone(), tier.clone(), tier.clone()]}), PAGE, 3),
        // The rows of five conditions at most are counted.
        (json!({"and": vec![tier; 20]}), PAGE, 8),
    ] {
        let (response, statements) = statements_of(&app.admin(), query, json!({"filter": filter})).await;
        response.data();
        assert_eq!(statements.len(), expected, "{filter}: {statements:#?}");
    }
    for (filter, expected) in [
        (json!({"address": {"city": {"eq": "Austin"}}}), MANY),
        (json!({"not": {"address": {"city": {"eq": "Austin"}}}}), OTHERS),
        (json!({"metafield": {"key": "tier", "exists": true}}), MANY + OTHERS),
        (json!({"lastSignInAt": {"gteq": DAY_AFTER}}), 1),
    ] {
        let data = app.admin().query_with(COUNT, json!({"filter": filter})).await.data();
        assert_eq!(data["customersConnection"]["totalCount"], expected, "{filter}");
    }
}
