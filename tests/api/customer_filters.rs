//! Filters of customers by addresses, custom fields and the last login.

use chrono::TimeDelta;
use patron::app::ctx::SystemCtx;
use patron::service::metafield::clean_up;
use serde_json::{Value, json};

use crate::support::{Actor, Admin, TestApp, apply, on_both_databases};

const QUERY: &str = "query ($filter: CustomerFilter) {
    customersConnection(filter: $filter, first: 100) { totalCount nodes { email } } }";

/// The initials of the customers that a filter finds, and their number on all pages.
async fn found(admin: &Admin<'_>, filter: &Value) -> (String, i64) {
    let data = admin.query_with(QUERY, json!({"filter": filter})).await.data();
    let connection = &data["customersConnection"];
    let nodes = connection["nodes"].as_array().unwrap().iter();
    let mut initials: Vec<&str> = nodes.map(|node| &node["email"].as_str().unwrap()[..1]).collect();
    initials.sort_unstable();
    (initials.concat(), connection["totalCount"].as_i64().unwrap())
}

async fn assert_found(app: &TestApp, filter: Value, expected: &str) {
    let (initials, count) = found(&app.admin(), &filter).await;
    assert_eq!((initials.as_str(), count), (expected, expected.len() as i64), "{filter}");
}

async fn add_address(app: &TestApp, customer: &Value, country: &str, province: &str, texts: [&str; 3]) {
    let [city, postcode, telephone] = texts;
    let body = json!({
        "full_name": "J", "address_1": "1 Main Street", "country": country, "province": province, "city": city,
        "postcode": postcode, "telephone": telephone,
    });
    let url = format!("/api/customers/{}/addresses", customer["uuid"].as_str().unwrap());
    assert_eq!(app.admin().post(&url, &body).await.status, 201);
}

/// Ann lives in San Francisco and in Munich, Ben in Munich, Cid in Toronto. Dan has no address.
async fn create_neighbours(app: &TestApp) {
    let [ann, ben, cid] = ["a@x.io", "b@x.io", "c@x.io"].map(|email| app.register(email));
    let (ann, ben, cid) = (ann.await, ben.await, cid.await);
    app.register("d@x.io").await;
    add_address(app, &ann, "US", "US-CA", ["San Francisco", "94103", "+1 415 555-0100"]).await;
    add_address(app, &ann, "DE", "Bavaria", ["München", "80331", "+49 89 1234"]).await;
    add_address(app, &ben, "DE", "Bavaria", ["MUNCHEN", "80333", ""]).await;
    add_address(app, &cid, "CA", "CA-ON", ["Toronto", "M5V 2A2", "416.555.0100"]).await;
}

#[apply(on_both_databases!)]
async fn addresses_match_by_each_part(app: &TestApp) {
    create_neighbours(app).await;
    for (address, expected) in [
        (json!({}), "abc"),
        (json!({"country": {"eq": "de"}}), "ab"),
        (json!({"country": {"in": ["US", "CA"]}}), "ac"),
        (json!({"country": {"in": []}}), ""),
        (json!({"province": {"eq": "us-ca"}}), "a"),
        (json!({"province": {"contains": "AVA"}}), "ab"),
        (json!({"city": {"eq": "munchen"}}), "ab"),
        (json!({"city": {"eq": "MÜNCHEN"}}), "ab"),
        (json!({"city": {"eq": "munch"}}), ""),
        (json!({"city": {"startsWith": "san f"}}), "a"),
        (json!({"city": {"startsWith": ""}}), "abc"),
        (json!({"city": {"contains": "ron"}}), "c"),
        (json!({"city": {"contains": "francisco"}}), "a"),
        (json!({"city": {"contains": "%"}}), ""),
        (json!({"postcode": {"eq": "m5v2a2"}}), "c"),
        (json!({"postcode": {"eq": "941-03"}}), "a"),
        (json!({"postcode": {"startsWith": "803"}}), "ab"),
        (json!({"postcode": {"startsWith": "M5 V"}}), "c"),
        (json!({"postcode": {"contains": "33"}}), "ab"),
        (json!({"telephone": {"eq": "(416) 5550100"}}), "c"),
        (json!({"telephone": {"startsWith": "+1 (415)"}}), "a"),
        (json!({"telephone": {"contains": "555"}}), "ac"),
        (json!({"telephone": {"in": ["49891234", "1"]}}), "a"),
        (json!({"city": null, "country": {"eq": "CA"}}), "c"),
    ] {
        assert_found(app, json!({"address": address}), expected).await;
    }
}

#[apply(on_both_databases!)]
async fn one_address_meets_all_conditions(app: &TestApp) {
    create_neighbours(app).await;
    let (german, francisco) = (json!({"country": {"eq": "DE"}}), json!({"city": {"eq": "San Francisco"}}));
    let both = json!({"country": {"eq": "DE"}, "city": {"eq": "San Francisco"}});
    for (filter, expected) in [
        (json!({"address": both}), ""),
        (json!({"and": [{"address": german}, {"address": francisco}]}), "a"),
        (json!({"address": {"country": {"eq": "DE"}, "city": {"contains": "cisco"}}}), ""),
        (
            json!({"address": {"country": {"eq": "DE"}, "postcode": {"startsWith": "8", "contains": "31"}}}),
            "a",
        ),
        (json!({"not": {"address": german}}), "cd"),
        (json!({"not": {"address": both}}), "abcd"),
        (json!({"not": {"address": {}}}), "d"),
        (json!({"or": [{"address": francisco}, {"email": {"eq": "d@x.io"}}]}), "ad"),
        (json!({"address": german, "keyword": "munchen 80333"}), "b"),
        (json!({"address": german, "status": {"eq": 0}}), ""),
    ] {
        assert_found(app, filter, expected).await;
    }
}

/// Creates definitions of all types, and customers with values of them.
async fn create_valued(app: &TestApp) {
    for (key, field_type, is_list) in [
        ("text", "short_text", false),
        ("long", "long_text", false),
        ("whole", "integer", false),
        ("number", "number", false),
        ("flag", "boolean", false),
        ("day", "date", false),
        ("color", "color", false),
        ("site", "url", false),
        ("tags", "short_text", true),
        ("rich", "rich_text", false),
    ] {
        let body = json!({"ownerType": "customer", "fieldKey": key, "name": key, "fieldType": field_type, "isList": is_list});
        assert_eq!(app.admin().post("/api/metafield-definitions", &body).await.status, 201, "{key}");
    }
    let long = "é".repeat(3000);
    for (email, values) in [
        (
            "a@x.io",
            json!({"text": "Gold", "whole": 7, "number": 1.5, "flag": true, "tags": ["u", "v"], "long": long}),
        ),
        (
            "b@x.io",
            json!({"text": "7", "whole": 8, "number": 2, "flag": false, "day": "2026-01-02", "tags": ["v"]}),
        ),
        ("c@x.io", json!({"color": "#1a2b3c", "site": "https://x.io/", "rich": [{"data": "x"}]})),
        ("d@x.io", json!({})),
    ] {
        let url =
            format!("/api/customers/{}/metafields", app.register(email).await["uuid"].as_str().unwrap());
        app.admin().patch(&url, &json!({"metafields": {"custom": values}})).await.data();
    }
}

#[apply(on_both_databases!)]
async fn custom_fields_of_each_type_match(app: &TestApp) {
    create_valued(app).await;
    let long = "é".repeat(1000);
    for (metafield, expected) in [
        (json!({"key": "text", "eq": "Gold"}), "a"),
        (json!({"key": "text", "eq": "gold"}), ""),
        (json!({"key": "text", "eq": "7"}), "b"),
        (json!({"key": "text", "eq": 7}), ""),
        (json!({"key": "text", "in": ["7", "Gold", "x"]}), "ab"),
        (json!({"key": "text", "in": []}), ""),
        (json!({"key": "text", "exists": true}), "ab"),
        (json!({"key": "text", "exists": false}), "cd"),
        (json!({"namespace": "custom", "key": "text", "exists": true, "eq": "Gold"}), "a"),
        (json!({"key": "text", "exists": false, "eq": "Gold"}), ""),
        (json!({"key": "long", "eq": long}), ""),
        (json!({"key": "long", "exists": true}), "a"),
        (json!({"key": "whole", "eq": 7}), "a"),
        (json!({"key": "whole", "eq": 7.0}), "a"),
        (json!({"key": "whole", "in": [7, 8]}), "ab"),
        (json!({"key": "number", "eq": 1.5}), "a"),
        (json!({"key": "number", "eq": 2}), "b"),
        (json!({"key": "flag", "eq": true}), "a"),
        (json!({"key": "flag", "eq": false}), "b"),
        (json!({"key": "day", "eq": "2026-01-02"}), "b"),
        (json!({"key": "color", "eq": "#1a2b3c"}), "c"),
        (json!({"key": "site", "eq": "https://x.io/"}), "c"),
        (json!({"key": "tags", "eq": "v"}), "ab"),
        (json!({"key": "tags", "in": ["u"]}), "a"),
        (json!({"key": "rich", "exists": true}), "c"),
        (json!({"key": "rich", "eq": "x"}), ""),
    ] {
        assert_found(app, json!({"metafield": metafield}), expected).await;
    }
    assert_found(app, json!({"not": {"metafield": {"key": "flag", "eq": true}}}), "bcd").await;
    let tags = json!([{"metafield": {"key": "tags", "eq": "u"}}, {"metafield": {"key": "tags", "eq": "v"}}]);
    assert_found(app, json!({"and": tags}), "a").await;
}

#[apply(on_both_databases!)]
async fn custom_fields_follow_their_changes(app: &TestApp) {
    create_valued(app).await;
    let row = app.customers().await.remove(0);
    let url = format!("/api/customers/{}", row.uuid);
    let gold = json!({"metafield": {"key": "text", "eq": "Gold"}});
    let set = async |path: &str, body: Value| {
        app.admin().patch(&format!("{url}{path}"), &body).await.data();
    };
    set("/metafields", json!({"metafields": {"custom": {"text": "Silver"}}})).await;
    assert_found(app, gold.clone(), "").await;
    assert_found(app, json!({"metafield": {"key": "text", "eq": "Silver"}}), "a").await;
    // Free-form data contains custom fields as well.
    set("", json!({"meta_data": {"custom": {"text": "Gold"}, "free": [1]}})).await;
    assert_found(app, gold.clone(), "a").await;
    assert_found(app, json!({"metafield": {"key": "whole", "exists": true}}), "b").await;
    set("/metafields", json!({"metafields": {"custom": {"text": null}}})).await;
    assert_found(app, gold, "").await;
}

/// The message for a filter that is refused, by GraphQL and by the export.
async fn refusal(app: &TestApp, filter: &Value) -> String {
    let admin = app.admin();
    let response = admin.query_with(QUERY, json!({"filter": filter})).await;
    assert_eq!(response.graphql_code(), "VALIDATION_FAILED", "{filter}: {response:?}");
    let details = response.body["errors"][0]["extensions"]["details"][0].clone();
    assert_eq!(details["field"], "filter", "{filter}");
    let request = admin.request(reqwest::Method::GET, "/api/customers/export");
    let export =
        admin.send(request.query(&[("format", "csv"), ("filter", filter.to_string().as_str())])).await;
    export.assert_failure(400, "validation_failed");
    assert_eq!(export.message(), details["message"].as_str().unwrap(), "{filter}");
    export.message().to_owned()
}

#[apply(on_both_databases!)]
async fn a_filter_of_an_unknown_custom_field_is_refused(app: &TestApp) {
    create_valued(app).await;
    let by_text = json!({"metafield": {"key": "text", "eq": "Gold"}});
    for (filter, message) in [
        (json!({"metafield": {"key": "nope", "eq": 1}}), "There is no custom field \"custom.nope\""),
        (
            json!({"or": [{"metafield": {"namespace": "x", "key": "text", "eq": 1}}]}),
            "There is no custom field \"x.text\"",
        ),
        (json!({"metafield": {"key": "text"}}), "A condition on a custom field needs eq, in or exists"),
        (
            json!({"metafield": {"key": "text", "eq": ["a"]}}),
            "A custom field is compared with a text, a number, true or false",
        ),
        (
            json!({"metafield": {"key": "text", "in": [{}]}}),
            "A custom field is compared with a text, a number, true or false",
        ),
        (json!({"metafield": {"key": "text", "in": vec![1; 101]}}), "A condition has at most 100 values"),
        (
            json!({"metafield": {"key": "text", "eq": "x".repeat(1001)}}),
            "A text is at most 1000 characters long",
        ),
        (json!({"metafield": {"key": "a\0", "eq": 1}}), "NUL can't be searched for"),
        (json!({"address": {"city": {"eq": "a\0"}}}), "NUL can't be searched for"),
        (json!({"address": {"city": {"in": vec!["a"; 101]}}}), "A condition has at most 100 values"),
        (
            json!({"and": vec![json!({"address": {"city": {"eq": "a"}}}); 50]}),
            "A filter has at most 100 conditions",
        ),
        (
            json!({"lastSignInAt": {"gt": "0000-06-01T00:00:00Z"}}),
            "A timestamp must be in the years 1 to 9999",
        ),
    ] {
        assert_eq!(refusal(app, &filter).await, message, "{filter}");
    }
    // A field that is deleted later, as in a saved view.
    assert_found(app, by_text.clone(), "a").await;
    let admin = app.admin();
    let query = "{ metafieldDefinitions(ownerType: \"customer\") { key uuid } }";
    let rows = admin.query(query).await.data()["metafieldDefinitions"].clone();
    let text = rows.as_array().unwrap().iter().find(|row| row["key"] == "text").unwrap();
    let url = format!("/api/metafield-definitions/{}", text["uuid"].as_str().unwrap());
    admin.delete(&url).await.data();
    assert_eq!(refusal(app, &by_text).await, "There is no custom field \"custom.text\"");
    while clean_up(&SystemCtx::system(app.app.clone())).await.unwrap() {}
    assert_eq!(refusal(app, &by_text).await, "There is no custom field \"custom.text\"");
}

#[apply(on_both_databases!)]
async fn the_last_login_is_recorded_and_filtered(app: &TestApp) {
    let rows = [app.register("a@x.io").await, app.register("b@x.io").await, app.register("c@x.io").await];
    let (before, day) = (app.now(), TimeDelta::days(1));
    for row in &rows[..2] {
        app.app.clock.advance(day);
        app.log_in_customer(row).await;
    }
    let at = |days: i32| json!(patron::types::timestamp(before + day * days));
    let query = "query ($id: String) { customer(id: $id) { lastSignInAt version updatedAt } }";
    let read = async |row: &Value| {
        app.log_in_admin().await.query_with(query, json!({"id": row["uuid"]})).await.data()["customer"]
            .clone()
    };
    assert_eq!(read(&rows[2]).await["lastSignInAt"], Value::Null);
    let second = read(&rows[1]).await;
    assert_eq!(
        (&second["lastSignInAt"], &second["version"], &second["updatedAt"]),
        (&at(2), &json!(1), &at(0))
    );
    for (filter, expected) in [
        (json!({"lastSignInAt": {"gteq": at(1)}}), "ab"),
        (json!({"lastSignInAt": {"gt": at(1)}}), "b"),
        (json!({"lastSignInAt": {"gteq": at(1), "lt": at(2)}}), "a"),
        (json!({"lastSignInAt": {"lteq": at(0)}}), ""),
        (json!({"not": {"lastSignInAt": {"gt": "0001-01-01T00:00:00Z"}}}), "c"),
        (json!({"lastSignInAt": {}}), "abc"),
    ] {
        let (initials, count) = found(&app.log_in_admin().await, &filter).await;
        assert_eq!((initials.as_str(), count), (expected, expected.len() as i64), "{filter}");
    }
    // A refresh does not count as a login, and neither does a failed one.
    app.app.clock.advance(day);
    let customer = app.log_in_customer(&rows[0]).await;
    app.app.clock.advance(day);
    let body = json!({"refreshToken": customer.refresh_token});
    app.anonymous().post("/api/customer/token/refresh", &body).await.data();
    let wrong = json!({"email": "b@x.io", "password": "wrong horse"});
    assert_eq!(app.anonymous().post("/api/customer/tokens", &wrong).await.status, 401);
    assert_eq!(
        (&read(&rows[0]).await["lastSignInAt"], &read(&rows[1]).await["lastSignInAt"]),
        (&at(3), &at(2))
    );
}
