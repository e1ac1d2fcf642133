//! `POST`, `PATCH` and `DELETE` of addresses: an admin edits any customer's addresses, a customer only its own.

use chrono::TimeDelta;
use patron::entity::customer_address::{self, Model};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Actor, NOW, TestApp, apply, on_both_databases};

fn body() -> Value {
    json!({"full_name": "John Smith", "telephone": "+1 555 0123456", "address_1": "1 Market Street",
        "postcode": "94103", "city": "San Francisco", "province": "US-CA", "country": "US"})
}

fn with(field: &str, value: Value) -> Value {
    let mut body = body();
    body[field] = value;
    body
}

async fn stored(app: &TestApp) -> Vec<Model> {
    let select = customer_address::Entity::find().order_by_asc(customer_address::Column::CustomerAddressId);
    select.all(app.app.db.writer()).await.unwrap()
}

/// The ids of the default addresses, in ascending order.
async fn defaults(app: &TestApp) -> Vec<i32> {
    stored(app).await.iter().filter(|row| row.is_default).map(|row| row.customer_address_id).collect()
}

#[apply(on_both_databases!)]
async fn customers_edit_own_addresses_and_admins_any(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let uuid = customer.row["uuid"].as_str().unwrap();
    let (own, any) = ("/api/customers/me/addresses".to_owned(), format!("/api/customers/{uuid}/addresses"));
    for (number, response) in
        [customer.post(&own, &body()).await, app.admin().post(&any, &body()).await].into_iter().enumerate()
    {
        assert_eq!(response.status, 201, "{response:?}");
        let row = response.data();
        let base = if number == 0 { &own } else { &any };
        let url = format!("{base}/{}", row["uuid"].as_str().unwrap());
        assert_eq!(response.header("location"), Some(url.as_str()));
        assert_eq!(
            response.text,
            format!(
                r#"{{"data":{{"customer_address_id":{},"uuid":{},"customer_id":1,"full_name":"John Smith","telephone":"+1 555 0123456","address_1":"1 Market Street","address_2":null,"postcode":"94103","city":"San Francisco","province":"US-CA","country":"US","is_default":false,"created_at":"{NOW}","updated_at":"{NOW}","version":1,"links":[{{"rel":"edit","href":"{url}","action":"PATCH","types":["application/json"]}},{{"rel":"delete","href":"{url}","action":"DELETE","types":["application/json"]}}]}}}}"#,
                number + 1,
                row["uuid"]
            )
        );
    }
    // The URLs that GraphQL returns are the REST URLs.
    let response = customer
        .query("{ currentCustomer { addAddressApi addresses { updateApi deleteApi } } }")
        .await
        .data();
    assert_eq!(response["currentCustomer"]["addAddressApi"], own);
    let url = response["currentCustomer"]["addresses"][0]["updateApi"].as_str().unwrap();
    app.app.clock.advance(TimeDelta::seconds(1));
    let changed = customer
        .patch(url, &json!({"city": "Oakland", "telephone": null, "unknown": 1, "customer_id": 9}))
        .await
        .data();
    assert_eq!(
        (&changed["city"], &changed["telephone"], &changed["customer_id"]),
        (&json!("Oakland"), &Value::Null, &json!(1))
    );
    assert_eq!(changed["updated_at"], "2026-01-02T03:04:06.678Z");
    assert_eq!(customer.patch(url, &json!({"city": "Oakland"})).await.data(), changed, "nothing changes");
    let response = app
        .admin()
        .query_with(
            "query ($id: String) { customer(id: $id) { addresses { deleteApi } } }",
            json!({"id": uuid}),
        )
        .await
        .data();
    let url = response["customer"]["addresses"][1]["deleteApi"].as_str().unwrap();
    let deleted = app.admin().delete(url).await.data();
    assert!(deleted["links"].is_null());
    app.admin().delete(url).await.assert_failure(404, "not_found");
    assert_eq!(stored(app).await.len(), 1);
}

/// Another customer's address is 404, and it does not change.
#[apply(on_both_databases!)]
async fn another_customers_address_is_not_found(app: &TestApp) {
    let (own, other) = (app.customer("a@x.io").await, app.customer("b@x.io").await);
    let address = app.add_address(&own.row, "US-CA", true).await;
    let before = stored(app).await;
    let id = address["uuid"].as_str().unwrap();
    let own_path = format!("/api/customers/me/addresses/{id}");
    let wrong = format!("/api/customers/{}/addresses/{id}", other.row["uuid"].as_str().unwrap());
    let unknown = format!("/api/customers/433ba97f-8be7-4be9-be3f-a9f341f2b89f/addresses/{id}");
    other.patch(&own_path, &json!({"city": "X"})).await.assert_failure(404, "not_found");
    other.delete(&own_path).await.assert_failure(404, "not_found");
    for url in [
        wrong,
        unknown,
        "/api/customers/x/addresses/y".to_owned(),
        "/api/customers/%FF/addresses/%FF".to_owned(),
    ] {
        app.admin().patch(&url, &json!({"city": "X"})).await.assert_failure(404, "not_found");
        app.admin().delete(&url).await.assert_failure(404, "not_found");
    }
    app.admin()
        .post("/api/customers/433ba97f-8be7-4be9-be3f-a9f341f2b89f/addresses", &body())
        .await
        .assert_failure(404, "not_found");
    assert_eq!(stored(app).await, before);
}

#[apply(on_both_databases!)]
async fn invalid_addresses_are_refused(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let url = "/api/customers/me/addresses";
    let response = customer.post(url, &json!({})).await;
    response.assert_failure(400, "validation_failed");
    assert_eq!(
        response.details(),
        [
            ("full_name", "Full name is required"),
            ("address_1", "Address is required"),
            ("province", "Province is required"),
            ("country", "Country is required"),
            ("postcode", "Postcode is required"),
        ]
    );
    let row = customer.post(url, &body()).await.data();
    let own = format!("{url}/{}", row["uuid"].as_str().unwrap());
    let before = stored(app).await;
    for (field, value, message) in [
        ("full_name", json!(" "), "Full name is required"),
        ("full_name", json!(null), "Full name is required"),
        ("full_name", json!(5), "Full name must be a string"),
        ("address_1", json!("a\0b"), "Address must not contain control characters"),
        ("address_2", json!([]), "Address 2 must be a string"),
        ("telephone", json!("1".repeat(256)), "Telephone must be at most 255 characters"),
        ("city", json!(true), "City must be a string"),
        ("postcode", json!(94103), "Postcode must be a string"),
        ("country", json!("XX"), "Country must be an ISO 3166-1 alpha-2 code (e.g., US)"),
        ("country", json!("USA"), "Country must be an ISO 3166-1 alpha-2 code (e.g., US)"),
        ("province", json!("DE-BE"), "Province is not in United States of America"),
        ("is_default", json!("yes"), "Is default must be true or false"),
        ("is_default", json!(2), "Is default must be true or false"),
    ] {
        for response in [
            customer.post(url, &with(field, value.clone())).await,
            customer.patch(&own, &json!({field: value})).await,
        ] {
            response.assert_failure(400, "validation_failed");
            assert_eq!(response.details(), [(field, message)], "{value}");
        }
    }
    // The merged address is validated: the province must be in the country, so both have to change together.
    assert_eq!(customer.patch(&own, &json!({"country": "DE"})).await.message(), "Province is not in Germany");
    assert_eq!(stored(app).await, before);
    let moved = customer.patch(&own, &json!({"country": "de", "province": "de-be"})).await.data();
    assert_eq!((&moved["country"], &moved["province"]), (&json!("DE"), &json!("DE-BE")));
    assert_eq!(customer.patch(&own, &json!({"province": "Somewhere"})).await.data()["province"], "Somewhere");
}

#[apply(on_both_databases!)]
async fn a_customer_has_at_most_one_default_address(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let other = app.register("b@x.io").await;
    app.add_address(&other, "US-CA", true).await;
    let mut urls = Vec::new();
    for flag in [json!(true), json!("1"), json!(1), json!(false)] {
        let row = customer.post("/api/customers/me/addresses", &with("is_default", flag)).await.data();
        urls.push(format!("/api/customers/me/addresses/{}", row["uuid"].as_str().unwrap()));
    }
    assert_eq!(defaults(app).await, [1, 4]);
    assert_eq!(customer.patch(&urls[0], &json!({"is_default": true})).await.data()["is_default"], true);
    assert_eq!(defaults(app).await, [1, 2]);
    // Deleting the default passes it on to the newest; deleting another leaves it.
    customer.delete(&urls[0]).await.data();
    assert_eq!(defaults(app).await, [1, 5]);
    let promoted = stored(app).await.into_iter().find(|row| row.customer_address_id == 5).unwrap();
    assert!(promoted.updated_at > promoted.created_at, "updated_at moves with every change");
    customer.delete(&urls[1]).await.data();
    assert_eq!(defaults(app).await, [1, 5]);
    customer.patch(&urls[3], &json!({"is_default": "0"})).await.data();
    assert_eq!(defaults(app).await, [1], "a customer may have no default");
}

#[apply(on_both_databases!)]
async fn a_customer_has_at_most_100_addresses(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for _ in 0..100 {
        assert_eq!(customer.post("/api/customers/me/addresses", &body()).await.status, 201);
    }
    customer.post("/api/customers/me/addresses", &body()).await.assert_failure(409, "conflict");
    assert_eq!(stored(app).await.len(), 100);
}

/// A thousand concurrent writes of one customer's addresses leave one default and do not hang.
#[apply(on_both_databases!)]
async fn a_thousand_concurrent_writes_leave_one_default(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let mut urls = Vec::new();
    for _ in 0..10 {
        let row = customer.post("/api/customers/me/addresses", &with("is_default", json!(true))).await.data();
        urls.push(format!("/api/customers/me/addresses/{}", row["uuid"].as_str().unwrap()));
    }
    let write = async |number: usize| match number % 5 {
        0 => customer.post("/api/customers/me/addresses", &with("is_default", json!(true))).await,
        1 => customer.delete(&urls[number % 7]).await,
        _ => {
            customer
                .patch(&urls[number % 10], &json!({"is_default": true, "city": format!("City {number}")}))
                .await
        }
    };
    let responses = futures_util::future::join_all((0..1000).map(write)).await;
    for response in &responses {
        assert!([200, 201, 404, 409].contains(&response.status), "{response:?}");
    }
    assert_eq!(defaults(app).await.len(), 1);
}
