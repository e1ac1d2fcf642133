//! Keyword search in addresses: telephone number, postcode, city and lines.

use patron::app::ctx::AdminCtx;
use patron::entity::{customer_address, customer_metafield_value};
use patron::service::import::{Import, ImportOutcome, Line, Options, Record, prepare};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, TestResponse, apply, on_both_databases};

const QUERY: &str = "query ($keyword: ID, $text: String) {
    customers(filters: [{key: \"keyword\", operation: eq, value: $keyword}]) { items { email } }
    customersConnection(filter: {keyword: $text}) { totalCount nodes { email } } }";

/// The initials of the e-mail addresses that both lists find.
async fn search(app: &TestApp, keyword: &str) -> String {
    let variables = json!({"keyword": keyword, "text": keyword});
    let data = app.admin().query_with(QUERY, variables).await.data();
    let initials = |rows: &Value| {
        let initial = |row: &Value| row["email"].as_str().unwrap()[..1].to_owned();
        let mut initials: Vec<String> = rows.as_array().unwrap().iter().map(initial).collect();
        initials.sort();
        initials.concat()
    };
    let (list, connection) = (&data["customers"]["items"], &data["customersConnection"]);
    assert_eq!(initials(list), initials(&connection["nodes"]), "{keyword}");
    assert_eq!(connection["totalCount"], initials(list).len(), "{keyword}");
    initials(list)
}

fn addresses_of(customer: &Value) -> String {
    format!("/api/customers/{}/addresses", customer["uuid"].as_str().unwrap())
}

/// An address with the texts of `overrides`.
fn address(overrides: &Value) -> Value {
    let mut body = json!({
        "full_name": "Recipient", "address_1": "1 Main Street", "postcode": "94103", "province": "US-CA", "country": "US",
    });
    body.as_object_mut().unwrap().extend(overrides.as_object().unwrap().clone());
    body
}

/// Adds an address and returns its URL.
async fn add(app: &TestApp, customer: &Value, overrides: Value) -> String {
    let response = app.admin().post(&addresses_of(customer), &address(&overrides)).await;
    assert_eq!(response.status, 201, "{response:?}");
    response.header("location").unwrap().to_owned()
}

async fn patch(app: &TestApp, url: &str, body: &Value) -> TestResponse {
    app.admin().patch(url, body).await
}

#[apply(on_both_databases!)]
async fn keywords_match_each_text_of_an_address(app: &TestApp) {
    let (ann, ben) = (app.register("a@x.io").await, app.register("b@x.io").await);
    add(
        app,
        &ann,
        json!({
            "telephone": "+1 (555) 0123-456", "postcode": "M5V 2A2", "city": "Łódź",
            "address_1": "Markt-Straße 7", "address_2": "Suite 400",
        }),
    )
    .await;
    add(app, &ben, json!({"telephone": "020 7946 0000", "city": "Bath", "postcode": "BA1 1AA"})).await;
    for (keyword, expected) in [
        ("(555)", "a"),
        ("0123-456", "a"),
        ("0123456", "a"),
        ("15550123456", "a"),
        ("79460000", "b"),
        ("m5v", "a"),
        ("M5V2A2", "a"),
        ("2a2 m5v", "a"),
        ("lodz", "a"),
        ("ŁÓDŹ", "a"),
        ("strasse", "a"),
        ("STRASSE 7", "a"),
        ("suite", "a"),
        // The words may be in different texts, also in the name and the e-mail address.
        ("smith suite lodz", "a"),
        ("b@x.io bath", "b"),
        ("a@x.io bath", ""),
        ("lodz bath", ""),
        ("smith", "ab"),
        // Neither the recipient nor the codes of province and country.
        ("recipient", ""),
        ("us-ca", ""),
    ] {
        assert_eq!(search(app, keyword).await, expected, "{keyword}");
    }
}

#[apply(on_both_databases!)]
async fn results_follow_changes_of_addresses(app: &TestApp) {
    let ann = app.register("a@x.io").await;
    let first = add(app, &ann, json!({"city": "Porto", "postcode": "4000-001"})).await;
    let second = add(app, &ann, json!({"city": "Lisboa", "telephone": "213 000 111"})).await;
    assert_eq!((search(app, "porto").await, search(app, "lisboa").await), ("a".into(), "a".into()));
    patch(app, &first, &json!({"city": "Braga", "postcode": "4700-002"})).await.data();
    for (keyword, expected) in
        [("porto", ""), ("4000001", ""), ("braga", "a"), ("4700002", "a"), ("213000111", "a")]
    {
        assert_eq!(search(app, keyword).await, expected, "{keyword}");
    }
    // A change of the customer keeps the texts of its addresses.
    let url = format!("/api/customers/{}", ann["uuid"].as_str().unwrap());
    patch(app, &url, &json!({"full_name": "Ann Archer", "email": "ann@elsewhere.org"})).await.data();
    assert_eq!(
        (search(app, "archer elsewhere braga lisboa").await, search(app, "smith").await),
        ("a".into(), String::new())
    );
    app.admin().delete(&second).await.data();
    assert_eq!((search(app, "lisboa").await, search(app, "braga").await), (String::new(), "a".into()));
    app.admin().delete(&first).await.data();
    assert_eq!((search(app, "braga").await, search(app, "archer").await), (String::new(), "a".into()));
    // The customer changes its own addresses.
    let pat = app.customer("p@x.io").await;
    let own = pat.post("/api/customers/me/addresses", &address(&json!({"city": "Évora"}))).await;
    assert_eq!(search(app, "evora").await, "p");
    pat.delete(own.header("location").unwrap()).await.data();
    assert_eq!(search(app, "evora").await, "");
}

/// The addresses of a file are found as well, and nothing is left of an erased customer.
#[apply(on_both_databases!)]
async fn imports_are_found_until_they_are_erased(app: &TestApp) {
    let definition =
        json!({"ownerType": "customer", "fieldKey": "tier", "name": "Tier", "fieldType": "short_text"});
    app.admin().post("/api/metafield-definitions", &definition).await.data();
    let fields = json!({
        "full_name": "Ida", "email": "i@x.io", "password": "correct horse battery",
        "metafields": {"custom": {"tier": "gold"}},
        "addresses": [address(&json!({"city": "Århus", "telephone": "+45 11 22"}))],
    });
    let record = Record { fields: fields.as_object().unwrap().clone(), is_text: false };
    let ctx = AdminCtx::system(app.app.clone());
    let lines = vec![Line { number: 1, record: Ok(record) }];
    let batch = prepare(&ctx, Options::default(), lines).await.unwrap();
    let outcomes = Import::new(Options::default()).write(&ctx, batch).await.unwrap();
    assert_eq!(outcomes, [ImportOutcome::Created]);
    assert_eq!((search(app, "arhus").await, search(app, "451122").await), ("i".into(), "i".into()));
    let filter =
        json!({"filter": {"metafield": {"key": "tier", "eq": "gold"}, "address": {"city": {"eq": "århus"}}}});
    let query = "query ($filter: CustomerFilter) { customersConnection(filter: $filter) { nodes { uuid } } }";
    let found = app.admin().query_with(query, filter).await.data();
    let uuid = found["customersConnection"]["nodes"][0]["uuid"].as_str().unwrap().to_owned();
    app.admin().delete(&format!("/api/customers/{uuid}")).await.data();
    assert_eq!(search(app, "arhus").await, "");
    let db = app.app.db.writer();
    assert_eq!(customer_address::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(customer_metafield_value::Entity::find().count(db).await.unwrap(), 0);
}

/// The hundred addresses of a customer are all found.
#[apply(on_both_databases!)]
async fn each_of_many_addresses_is_found(app: &TestApp) {
    let ann = app.register("a@x.io").await;
    for number in 0..100 {
        let city = format!("Neustadt an der Donau {number:03}");
        add(
            app,
            &ann,
            json!({"city": city, "telephone": format!("+49 89 5550{number:03}"), "address_2": "Rückgebäude"}),
        )
        .await;
    }
    for keyword in ["donau 000", "donau 099", "+49 5550099", "49895550050"] {
        assert_eq!(search(app, keyword).await, "a", "{keyword}");
    }
}
