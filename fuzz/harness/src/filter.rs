//! Filters of lists and connections, over GraphQL (`src/graphql/filter.rs`, `src/graphql/criterion.rs` and what is
//! behind them).
//!
//! An input is the variables of the query below.

use serde_json::{Map, Value, json};

use crate::World;

/// Filters of lists.
const LISTS: &str = "query($customers: [FilterInput], $groups: [FilterInput]) {
  customers(filters: $customers) { items { customerId } total currentPage currentFilters { key operation value } }
  customerGroups(filters: $groups) { items { customerGroupId } total }
}";
/// Counts by a filter, its negation, and by what says the same.
const CONNECTIONS: &str = "query($filter: CustomerFilter!, $sort: [CustomerSort!]) {
  all: customersConnection { totalCount }
  those: customersConnection(filter: $filter, sort: $sort, first: 100) { totalCount nodes { customerId } }
  others: customersConnection(filter: {not: $filter}, sort: $sort, first: 100) { totalCount nodes { customerId } }
  same: customersConnection(filter: {and: [$filter]}) { totalCount }
  either: customersConnection(filter: {or: [$filter]}) { totalCount }
}";

/// Filters are refused as the caller's mistake, or they say of each customer whether it is meant: one that isn't meets
/// the negation.
///
/// # Panics
/// When a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let Some(mut variables) = crate::object(input) else { return };
    let sort = variables.remove("sort");
    if let Some(filter) = variables.remove("filter") {
        connections(world, filter, sort.unwrap_or_default());
    }
    lists(world, &variables);
}

fn connections(world: &World, filter: Value, sort: Value) {
    let Some(data) = query(world, CONNECTIONS, json!({"filter": filter, "sort": sort})) else { return };
    let count = |name: &str| data[name]["totalCount"].as_i64().expect("a number");
    assert_eq!(count("those") + count("others"), count("all"), "a filter and its negation: {filter}");
    assert_eq!((count("same"), count("either")), (count("those"), count("those")), "{filter}");
    let mut ids: Vec<i64> =
        ["those", "others"].into_iter().flat_map(|name| ids(&data[name]["nodes"])).collect();
    ids.sort_unstable();
    let all: Vec<i64> = world.customers().iter().map(|row| row.customer_id.into()).collect();
    assert_eq!(ids, all, "each customer is in one of both: {filter}");
}

fn lists(world: &World, variables: &Map<String, Value>) {
    let Some(data) = query(world, LISTS, Value::Object(variables.clone())) else { return };
    let customers = &data["customers"];
    let (found, total) = (ids(&customers["items"]), customers["total"].as_u64().expect("a number"));
    assert!(found.len() as u64 <= total.min(100), "{} of {total}", found.len());
    assert!(total <= world.customers().len() as u64);
    let given = variables.get("customers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let given = given.iter().filter(|filter| !filter.is_null()).count();
    let in_force = customers["currentFilters"].as_array().expect("a list").len();
    // One filter may stand for a list of them (GraphQL, 3.11).
    assert!(in_force == given || in_force == 1, "{in_force} of {given} filters are in force");
}

fn ids(nodes: &Value) -> Vec<i64> {
    let nodes = nodes.as_array().expect("a list");
    let ids: Vec<i64> = nodes.iter().map(|node| node["customerId"].as_i64().expect("a number")).collect();
    assert_eq!(
        ids.iter().collect::<std::collections::HashSet<_>>().len(),
        ids.len(),
        "one stands there twice"
    );
    ids
}

/// The data of an answer; none when the query was refused, which has to be by a code that says so.
fn query(world: &World, query: &str, variables: Value) -> Option<Value> {
    let body = json!({"query": query, "variables": variables}).to_string();
    let answer = world.send("POST", "/api/graphql", body.as_bytes());
    if let Some(errors) = answer.body()["errors"].as_array() {
        for error in errors {
            let code = error["extensions"]["code"].as_str().unwrap_or_default().to_ascii_lowercase();
            assert!(!code.contains("internal") && !code.contains("unavailable"), "{error}");
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
        }
        return None;
    }
    answer.data().cloned()
}
