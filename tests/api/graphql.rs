//! Reading customers over GraphQL.

use reqwest::Method;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{Actor, NOW, TestApp, TestResponse, apply, on_both_databases};

const EVERYTHING: &str = "{ customer(email: \"JOHN.smith@example.com\") {
    customerId uuid status email fullName createdAt updatedAt version urn editUrl updateApi deleteApi metaData
    group { customerGroupId groupName }
    addApi: addAddressApi addresses { fullName city isDefault country { name code } province { name code countryCode } }
} }";

#[apply(on_both_databases!)]
async fn a_customer_with_group_and_addresses(app: &TestApp) {
    let row = app.register("john.smith@example.com").await;
    app.add_address(&row, "US-CA", false).await;
    app.add_address(&row, "Somewhere", true).await;
    let uuid = row["uuid"].as_str().unwrap();
    let country = json!({"name": "United States of America", "code": "US"});
    let response = app.admin().query(EVERYTHING).await;
    assert_eq!(
        response.data()["customer"],
        json!({
            "customerId": 1, "uuid": uuid, "status": 1, "email": "john.smith@example.com", "fullName": "John Smith",
            "createdAt": NOW, "updatedAt": NOW, "version": 1, "urn": format!("urn:evershop:customer:customer:{uuid}"),
            "editUrl": format!("/admin/customers/edit/{uuid}"), "updateApi": format!("/api/customers/{uuid}"),
            "deleteApi": format!("/api/customers/{uuid}"), "metaData": {},
            "group": {"customerGroupId": 1, "groupName": "Default"}, "addApi": format!("/api/customers/{uuid}/addresses"),
            "addresses": [
                {"fullName": "John Smith", "city": "San Francisco", "isDefault": true, "country": country,
                 "province": {"name": "Somewhere", "code": "Somewhere", "countryCode": "US"}},
                {"fullName": "John Smith", "city": "San Francisco", "isDefault": false, "country": country,
                 "province": {"name": "California", "code": "US-CA", "countryCode": "US"}},
            ],
        })
    );
}

/// Fields are in the order of the query (specification, 6.3.2), regardless of which value is ready first.
#[apply(on_both_databases!)]
async fn fields_are_returned_in_query_order(app: &TestApp) {
    app.register("john.smith@example.com").await;
    let response = app
        .admin()
        .query("{ customers { items { group { groupName } fullName addresses { city } email } total } }")
        .await;
    assert_eq!(
        response.text,
        r#"{"data":{"customers":{"items":[{"group":{"groupName":"Default"},"fullName":"John Smith","addresses":[],"email":"john.smith@example.com"}],"total":1}}}"#
    );
}

/// A failed non-null field makes its parent null (6.4.4); it is never omitted.
#[apply(on_both_databases!)]
async fn a_forbidden_field_makes_its_parent_null(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for field in ["editUrl", "updateApi", "deleteApi"] {
        let response = customer
            .query(&format!(
                "{{ currentCustomer {{ email {field} }} countries(countries: [\"DE\"]) {{ code }} }}"
            ))
            .await;
        assert_eq!(
            response.body["data"],
            json!({"currentCustomer": null, "countries": [{"code": "DE"}]}),
            "{field}"
        );
        assert_eq!(response.graphql_code(), "FORBIDDEN");
        assert_eq!(response.body["errors"][0]["path"], json!(["currentCustomer", field]));
    }
    // A fragment for another type selects nothing, and no field is resolved twice because of it.
    for fragment in ["", "... on Node { ... on CustomerGroup { groupName } }"] {
        let query = format!("{{ currentCustomer {{ email metaData {fragment} }} }}");
        let response = customer.query(&query).await;
        assert_eq!(response.body["data"], json!({"currentCustomer": {"email": "a@x.io", "metaData": null}}));
        assert_eq!(response.graphql_code(), "FORBIDDEN");
        assert_eq!(response.body["errors"].as_array().unwrap().len(), 1, "{response:?}");
    }
    let response = app.anonymous().query("{ customer(id: \"x\") { uuid } customerGroup(id: 1) { uuid } countries(countries: [\"DE\"]) { code } }").await;
    assert_eq!(
        response.body["data"],
        json!({"customer": null, "customerGroup": null, "countries": [{"code": "DE"}]})
    );
    assert_eq!(response.body["errors"].as_array().unwrap().len(), 2);
}

/// A field that the database can't resolve is null with an error; the other fields are returned with status 200.
#[apply(on_both_databases!)]
async fn other_fields_are_returned_if_one_fails(app: &TestApp) {
    app.register("a@x.io").await;
    app.app
        .db
        .writer()
        .execute_unprepared("ALTER TABLE customer_group RENAME TO customer_group_gone")
        .await
        .unwrap();
    let response = app.admin().query("{ customer(email: \"a@x.io\") { email group { groupName } addresses { city } } customerGroup(id: 1) { uuid } countries(countries: [\"DE\"]) { code } }").await;
    assert_eq!(response.status, 200, "{response:?}");
    let customer = json!({"email": "a@x.io", "group": null, "addresses": []});
    assert_eq!(
        response.body["data"],
        json!({"customer": customer, "customerGroup": null, "countries": [{"code": "DE"}]})
    );
    let errors = response.body["errors"].as_array().unwrap();
    let mut paths: Vec<String> = errors.iter().map(|error| error["path"].to_string()).collect();
    paths.sort_unstable();
    assert_eq!(paths, [r#"["customer","group"]"#, r#"["customerGroup"]"#]);
    for error in errors {
        assert_eq!(
            (&error["extensions"]["code"], &error["message"]),
            (&json!("INTERNAL"), &json!("Internal error"))
        );
    }
    // A non-null field makes its parents null, up to the first nullable one.
    let response = app.admin().query("{ customerGroups { total } }").await;
    assert_eq!(
        (response.status, &response.body["data"], response.graphql_code()),
        (200, &Value::Null, "INTERNAL")
    );
}

#[apply(on_both_databases!)]
async fn the_current_customer_is_null_for_other_roles(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let query = "{ currentCustomer { email group { groupName } addresses { city } } }";
    assert_eq!(app.anonymous().query(query).await.body, json!({"data": {"currentCustomer": null}}));
    assert_eq!(app.admin().query(query).await.body, json!({"data": {"currentCustomer": null}}));
    let own = json!({"email": "a@x.io", "group": {"groupName": "Default"}, "addresses": []});
    assert_eq!(customer.query(query).await.body, json!({"data": {"currentCustomer": own}}));
}

#[apply(on_both_databases!)]
async fn a_customer_is_found_by_id_or_email(app: &TestApp) {
    let row = app.register("a@x.io").await;
    let uuid = row["uuid"].as_str().unwrap();
    for (arguments, exists) in [
        (format!("id: \"{uuid}\""), true),
        (format!("id: \"{}\"", uuid.replace('-', "")), true),
        ("email: \" A@X.io \"".to_owned(), true),
        ("id: \"433ba97f-8be7-4be9-be3f-a9f341f2b89f\"".to_owned(), false),
        ("id: \"1\"".to_owned(), false),
        ("email: \"b@x.io\"".to_owned(), false),
        ("email: \"no address\\u0000\"".to_owned(), false),
    ] {
        let response = app.admin().query(&format!("{{ customer({arguments}) {{ uuid }} }}")).await;
        let expected = if exists { json!({"uuid": uuid}) } else { Value::Null };
        assert_eq!(response.data()["customer"], expected, "{arguments}");
    }
    for arguments in ["", "(id: \"1\", email: \"a@x.io\")", "(id: null)"] {
        let response = app.admin().query(&format!("{{ customer{arguments} {{ uuid }} }}")).await;
        assert_eq!(response.graphql_code(), "VALIDATION_FAILED", "{arguments}");
    }
}

#[apply(on_both_databases!)]
async fn a_group_is_found_by_id(app: &TestApp) {
    let response = app
        .admin()
        .query("{ a: customerGroup(id: 1) { customerGroupId groupName } b: customerGroup(id: 2) { uuid } }")
        .await;
    assert_eq!(response.data(), json!({"a": {"customerGroupId": 1, "groupName": "Default"}, "b": null}));
}

#[apply(on_both_databases!)]
async fn countries_need_no_token(app: &TestApp) {
    let response = app
        .anonymous()
        .query(
            "{ countries { code } some: countries(countries: [\"de\", \"XX\", null, \"US\"]) { name code } }",
        )
        .await;
    let data = response.data();
    assert!(data["countries"].as_array().unwrap().len() > 240);
    assert_eq!(
        data["some"],
        json!([{"name": "Germany", "code": "DE"}, {"name": "United States of America", "code": "US"}])
    );
    let provinces = app
        .anonymous()
        .query("{ countries(countries: [\"US\"]) { provinces { name code countryCode } } }")
        .await
        .data();
    let provinces = provinces["countries"][0]["provinces"].as_array().unwrap().clone();
    assert_eq!(provinces[0], json!({"name": "Alabama", "code": "US-AL", "countryCode": "US"}));
}

/// The queries are those of EverShop's address forms.
#[apply(on_both_databases!)]
async fn allowed_countries_and_provinces_are_listed(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let form = "{ value: code label: name provinces { label: name value: code } }";
    let countries = customer.query(&format!("{{ countries {form} }}")).await.data()["countries"].clone();
    let allowed = customer.query(&format!("{{ allowedCountries {form} }}")).await.data();
    assert_eq!(allowed["allowedCountries"], countries);
    let countries = countries.as_array().unwrap().clone();
    let query = "query Province($countries: [String]) { provinces (countries: $countries) { code name countryCode } }";
    let all = app.anonymous().query_with(query, json!({"countries": []})).await.data()["provinces"].clone();
    let count = countries.iter().map(|country| country["provinces"].as_array().unwrap().len()).sum::<usize>();
    assert_eq!(all.as_array().unwrap().len(), count);
    for variables in [json!({}), json!({"countries": null})] {
        assert_eq!(app.anonymous().query_with(query, variables).await.data()["provinces"], all);
    }
    let selected =
        app.anonymous().query_with(query, json!({"countries": ["sg", "XX", "US", "SG", "MC"]})).await.data()
            ["provinces"]
            .clone();
    let (selected, us) = (selected.as_array().unwrap(), json!("US"));
    assert!(
        selected
            .iter()
            .any(|province| *province == json!({"name": "Alabama", "code": "US-AL", "countryCode": "US"}))
    );
    let of_us = selected.iter().filter(|province| province["countryCode"] == us).count();
    let expected = countries.iter().find(|country| country["value"] == us).unwrap()["provinces"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(
        (of_us, &selected[0]["countryCode"]),
        (expected, &json!("SG")),
        "each country once, in the requested order"
    );
    for unknown in [json!(["XX"]), json!([null])] {
        assert_eq!(
            app.anonymous().query_with(query, json!({"countries": unknown})).await.data()["provinces"],
            json!([])
        );
    }
    // An empty list of codes returns all countries.
    let data = app
        .anonymous()
        .query("{ all: countries { code } none: countries(countries: []) { code } }")
        .await
        .data();
    assert_eq!(data["all"], data["none"]);
    let response = app.anonymous().query("{ provinces { code name countryCode a: code } }").await;
    assert_eq!(response.graphql_code(), "QUERY_TOO_LARGE", "all provinces count");
}

async fn post_accepting(app: &TestApp, media_types: &str, query: &str) -> TestResponse {
    let request = app.anonymous().request(Method::POST, "/api/graphql").header("accept", media_types);
    app.anonymous().send(request.json(&json!({"query": query}))).await
}

#[apply(on_both_databases!)]
async fn both_media_types_are_supported(app: &TestApp) {
    for (accept, media_type) in [
        ("application/json", "application/json; charset=utf-8"),
        ("*/*", "application/json; charset=utf-8"),
        (
            "application/graphql-response+json, application/json;q=0.9",
            "application/graphql-response+json; charset=utf-8",
        ),
    ] {
        let response = post_accepting(app, accept, "{ __typename }").await;
        assert_eq!((response.status, response.header("content-type")), (200, Some(media_type)));
    }
    // A header without a media type accepts anything.
    for empty in ["", " ", ",", " , ,"] {
        let response = post_accepting(app, empty, "{ __typename }").await;
        assert_eq!(
            (response.status, response.header("content-type")),
            (200, Some("application/json; charset=utf-8")),
            "{empty:?}"
        );
    }
    assert_eq!(post_accepting(app, ",text/html,", "{ __typename }").await.status, 406);
    for older in [
        "application/graphql-response+json;q=0, application/json",
        "application/graphql-response+json;q=0.5, application/json",
        "application/graphql-response+json;q=0.8,*/*",
    ] {
        let response = post_accepting(app, older, "{ __typename }").await;
        assert_eq!(response.header("content-type"), Some("application/json; charset=utf-8"), "{older}");
    }
    assert_eq!(
        post_accepting(
            app,
            "application/json;q=0, */*;q=0, application/graphql-response+json;q=0",
            "{ __typename }"
        )
        .await
        .status,
        406
    );
    assert_eq!(post_accepting(app, "text/html", "{ __typename }").await.status, 406);
}

/// With the newer media type, the status shows that the request was not executed.
#[apply(on_both_databases!)]
async fn the_newer_media_type_has_a_status_for_refused_requests(app: &TestApp) {
    for (query, code) in [
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ", "GRAPHQL_PARSE_FAILED"),
        ("mutation { a }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        let newer = post_accepting(app, "application/graphql-response+json", query).await;
        assert_eq!((newer.status, newer.graphql_code()), (400, code), "{newer:?}");
        let older = post_accepting(app, "application/json", query).await;
        assert_eq!((older.status, older.graphql_code()), (200, code), "{older:?}");
    }
    let response = post_accepting(app, "application/graphql-response+json", "{ customers { total } }").await;
    assert_eq!((response.status, response.graphql_code()), (200, "UNAUTHENTICATED"));
    let refused = post_accepting(app, "application/graphql-response+json", "{ nope }").await;
    assert!(refused.body.get("data").is_none(), "a request that was not executed has no data: {refused:?}");
}

/// Failures use the negotiated media type too, so that clients read their error code.
#[apply(on_both_databases!)]
async fn failures_have_the_negotiated_media_type(app: &TestApp) {
    for (accept, media_type) in [
        ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8"),
        ("application/graphql-response+json;q=0, application/json", "application/json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
    ] {
        let request =
            app.anonymous().request(Method::POST, "/api/graphql").bearer_auth("bad").header("accept", accept);
        let response = app.anonymous().send(request.json(&json!({"query": "{ __typename }"}))).await;
        assert_eq!((response.status, response.header("content-type")), (401, Some(media_type)));
        assert_eq!(response.graphql_code(), "UNAUTHENTICATED");
    }
}

#[apply(on_both_databases!)]
async fn queries_are_accepted_in_urls(app: &TestApp) {
    let get = async |query: &[(&str, &str)]| {
        let request = app.anonymous().request(Method::GET, "/api/graphql").query(query);
        app.anonymous().send(request).await
    };
    let query = "query A($c: [String]) { countries(countries: $c) { name } } query B { __typename }";
    let response = get(&[("query", query), ("operationName", "A"), ("variables", "{\"c\": [\"DE\"]}")]).await;
    assert_eq!(response.data(), json!({"countries": [{"name": "Germany"}]}));
    for bad in [
        vec![],
        vec![("query", "{__typename}"), ("variables", "[")],
        vec![("query", "{__typename}"), ("variables", "[1]")],
    ] {
        let response = get(&bad).await;
        assert_eq!((response.status, response.graphql_code()), (400, "MALFORMED_JSON"), "{bad:?}");
    }
}

#[apply(on_both_databases!)]
async fn invalid_graphql_requests_are_refused(app: &TestApp) {
    for body in [
        json!([]),
        json!([{"query": "{__typename}"}]),
        json!({}),
        json!(["{__typename}"]),
        json!(["{__typename}", null, {}, {}]),
        json!("{__typename}"),
        json!({"query": 1}),
        json!({"query": "{__typename}", "variables": []}),
        json!({"query": "{__typename}", "operationName": 1}),
        json!({"query": "{__typename}", "extensions": 1}),
    ] {
        let response = app.anonymous().post("/api/graphql", &body).await;
        assert_eq!((response.status, response.graphql_code()), (400, "MALFORMED_JSON"), "{body}");
    }
    let raw = async |content_type: &'static str, body: Vec<u8>| {
        let request =
            app.anonymous().request(Method::POST, "/api/graphql").header("content-type", content_type);
        app.anonymous().send(request.body(body)).await
    };
    for body in [&b"{"[..], b"{\"query\": \"{__typename}\", \"ignored\": \"\xff\"}", b"\xff"] {
        assert_eq!(raw("application/json", body.to_vec()).await.status, 400, "{body:?}");
    }
    let query = json!({"query": "{__typename}"}).to_string();
    assert_eq!(raw("text/plain", query.clone().into_bytes()).await.status, 415);
    let form =
        format!("--x\r\ncontent-disposition: form-data; name=\"operations\"\r\n\r\n{query}\r\n--x--\r\n");
    assert_eq!(raw("multipart/form-data; boundary=x", form.into_bytes()).await.status, 415);
    let untyped = app.anonymous().request(Method::POST, "/api/graphql").body(query);
    assert_eq!(app.anonymous().send(untyped).await.status, 415);
    // Null means absent (GraphQL over HTTP, 5.1), and the message names the error.
    let nulls =
        json!({"query": "{__typename}", "operationName": null, "variables": null, "extensions": null});
    app.anonymous().post("/api/graphql", &nulls).await.data();
    let response = app.anonymous().post("/api/graphql", &json!({"query": 1})).await;
    assert!(response.text.contains("invalid type: integer `1`, expected a string"), "{response:?}");
    let large = json!({"query": format!("{{__typename}} #{}", "a".repeat(1024 * 1024))}).to_string();
    let response = raw("application/json", large.into_bytes()).await;
    assert_eq!((response.status, response.graphql_code()), (413, "PAYLOAD_TOO_LARGE"));
}
