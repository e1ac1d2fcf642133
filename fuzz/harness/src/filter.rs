//! Filters of lists and connections, over GraphQL (`src/api/graphql/schema/filter.rs`, `src/api/graphql/schema/criterion.rs`
//! and the services that they call).
//!
//! An input is the variables of the queries below.

use serde_json::{Map, Value, json};

use crate::World;

/// Lists with filters.
const LISTS: &str = "query($customers: [FilterInput], $groups: [FilterInput]) {
  customers(filters: $customers) { items { customerId } total currentPage currentFilters { key operation value } }
  customerGroups(filters: $groups) { items { customerGroupId } total }
}";
/// Connections with a filter, its negation, and equivalent filters.
const CONNECTIONS: &str = "query($filter: CustomerFilter!, $sort: [CustomerSort!]) {
  all: customersConnection { totalCount }
  matching: customersConnection(filter: $filter, sort: $sort, first: 100) { totalCount nodes { customerId } }
  others: customersConnection(filter: {not: $filter}, sort: $sort, first: 100) { totalCount nodes { customerId } }
  same: customersConnection(filter: {and: [$filter]}) { totalCount }
  either: customersConnection(filter: {or: [$filter]}) { totalCount }
}";

/// A filter is refused as the caller's error, or it divides all customers: each matches either the filter or its negation.
///
/// # Panics
/// If a property does not hold.
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
    assert_eq!(count("matching") + count("others"), count("all"), "a filter and its negation: {filter}");
    assert_eq!((count("same"), count("either")), (count("matching"), count("matching")), "{filter}");
    let mut ids: Vec<i64> =
        ["matching", "others"].into_iter().flat_map(|name| ids(&data[name]["nodes"])).collect();
    ids.sort_unstable();
    let all: Vec<i64> = world.customers().iter().map(|row| row.customer_id.into()).collect();
    assert_eq!(ids, all, "each customer matches one of the two: {filter}");
}

fn lists(world: &World, variables: &Map<String, Value>) {
    let Some(data) = query(world, LISTS, Value::Object(variables.clone())) else { return };
    let customers = &data["customers"];
    let (ids, total) = (ids(&customers["items"]), customers["total"].as_u64().expect("a number"));
    assert!(ids.len() as u64 <= total.min(100), "{} of {total}", ids.len());
    assert!(total <= world.customers().len() as u64);
    let filters = variables.get("customers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let sent = filters.iter().filter(|filter| !filter.is_null()).count();
    let applied = customers["currentFilters"].as_array().expect("a list").len();
    // A single filter may replace a list (GraphQL, 3.11).
    assert!(applied == sent || applied == 1, "{applied} of {sent} filters are applied");
}

fn ids(nodes: &Value) -> Vec<i64> {
    let nodes = nodes.as_array().expect("a list");
    let ids: Vec<i64> = nodes.iter().map(|node| node["customerId"].as_i64().expect("a number")).collect();
    assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len(), "a duplicate");
    ids
}

/// Runs a query and returns its data; none if it was refused, which must be with a code of a caller's error.
fn query(world: &World, query: &str, variables: Value) -> Option<Value> {
    let body = json!({"query": query, "variables": variables}).to_string();
    let response = world.send("POST", "/api/graphql", body.as_bytes());
    if let Some(errors) = response.body()["errors"].as_array() {
        for error in errors {
            let code = error["extensions"]["code"].as_str().unwrap_or_default().to_ascii_lowercase();
            assert!(!code.contains("internal") && !code.contains("unavailable"), "{error}");
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error}");
        }
        return None;
    }
    response.data().cloned()
}
