//! The country of an address decides whether it needs a postcode and a province, and which texts name a province.

use serde_json::{Value, json};

use crate::support::{Actor, apply, on_both_databases};

const ADDRESSES: &str = "/api/customers/me/addresses";
const NO_POSTCODE: (&str, &str) = ("postcode", "Postcode is required");
const NO_PROVINCE: (&str, &str) = ("province", "Province is required");

/// An address with these parts besides the recipient and the street.
fn address(parts: &Value) -> Value {
    let mut body = json!({"full_name": "Ada Test", "address_1": "1 Main Street"});
    body.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    body
}

#[apply(on_both_databases!)]
async fn parts_that_a_country_does_not_need_may_be_missing(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for (parts, postcode, province) in [
        (json!({"country": "HK", "city": "Kowloon", "province": "Kowloon"}), None, Some("Kowloon")),
        (json!({"country": "SG", "postcode": "018956"}), Some("018956"), None),
        (json!({"country": "DE", "postcode": "10117", "province": ""}), Some("10117"), None),
        (json!({"country": "AE", "province": "AE-DU"}), None, Some("AE-DU")),
        (json!({"country": "IE", "postcode": null, "province": null}), None, None),
        (json!({"country": "CL", "postcode": " "}), None, None),
        (json!({"country": "VN"}), None, None),
        // Addresses in Angola have neither, but what is sent is stored.
        (json!({"country": "AO"}), None, None),
        (
            json!({"country": "AO", "postcode": "1", "province": "Luanda City"}),
            Some("1"),
            Some("Luanda City"),
        ),
    ] {
        let response = customer.post(ADDRESSES, &address(&parts)).await;
        assert_eq!(response.status, 201, "{parts}: {response:?}");
        let row = response.data();
        assert_eq!((row["postcode"].as_str(), row["province"].as_str()), (postcode, province), "{parts}");
    }
}

/// The form of a shop asks `countries`; what it says is what a request needs.
#[apply(on_both_databases!)]
async fn countries_say_what_an_address_needs(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let query = "{ countries { code postcodeRequired provinceRequired postcodeLabel provinceLabel } }";
    let countries = app.anonymous().query(query).await.data()["countries"].clone();
    let countries = countries.as_array().unwrap();
    assert!(countries.len() > 240);
    for country in countries {
        let mut expected = vec![("full_name", "Full name is required"), ("address_1", "Address is required")];
        for (required, label, problem) in [
            ("provinceRequired", "provinceLabel", NO_PROVINCE),
            ("postcodeRequired", "postcodeLabel", NO_POSTCODE),
        ] {
            if country[required] == true {
                assert!(country[label].is_string(), "{country}");
                expected.push(problem);
            }
        }
        let response = customer.post(ADDRESSES, &json!({"country": country["code"]})).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), expected, "{country}");
    }
}

#[apply(on_both_databases!)]
async fn countries_name_the_kinds_of_postcode_and_province(app: &TestApp) {
    let query = "query ($codes: [String]) { countries(countries: $codes) {
        code postcodeRequired postcodeLabel provinceRequired provinceLabel } }";
    let expected = [
        json!(["US", true, "zip", true, "state"]),
        json!(["HK", false, null, true, "area"]),
        json!(["SG", true, "postal", false, null]),
        json!(["IE", false, "eircode", false, "county"]),
        json!(["IN", true, "pin", true, "state"]),
        json!(["JP", true, "postal", true, "prefecture"]),
        json!(["KR", true, "postal", true, "do_si"]),
        json!(["CL", false, "postal", false, "province"]),
        json!(["AO", false, null, false, null]),
    ];
    let codes: Vec<&Value> = expected.iter().map(|country| &country[0]).collect();
    let data = app.anonymous().query_with(query, json!({"codes": codes})).await.data();
    let fields = ["code", "postcodeRequired", "postcodeLabel", "provinceRequired", "provinceLabel"];
    let values = |country: &Value| Value::from(fields.map(|name| country[name].clone()).to_vec());
    let found: Vec<Value> = data["countries"].as_array().unwrap().iter().map(values).collect();
    assert_eq!(found, expected);
}

#[apply(on_both_databases!)]
async fn without_a_country_everything_is_required(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let missing = ("country", "Country is required");
    let unknown = ("country", "Country must be an ISO 3166-1 alpha-2 code (e.g., US)");
    for (country, problems) in [
        (json!(null), [NO_PROVINCE, missing, NO_POSTCODE]),
        (json!("\u{200b} "), [NO_PROVINCE, missing, NO_POSTCODE]),
        (json!(5), [NO_PROVINCE, ("country", "Country must be a string"), NO_POSTCODE]),
        (json!("XX"), [NO_PROVINCE, NO_POSTCODE, unknown]),
        (json!("H K"), [NO_PROVINCE, NO_POSTCODE, unknown]),
    ] {
        let response = customer.post(ADDRESSES, &address(&json!({"country": country}))).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), problems, "{country}");
    }
}

#[apply(on_both_databases!)]
async fn a_change_is_judged_with_what_is_stored(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    let body = address(&json!({"country": "HK", "city": "Kowloon", "province": "Kowloon"}));
    let row = customer.post(ADDRESSES, &body).await.data();
    let url = format!("{ADDRESSES}/{}", row["uuid"].as_str().unwrap());
    let change = async |changes: Value| customer.patch(&url, &changes).await;
    for (changes, problem) in [
        (json!({"country": "US"}), NO_POSTCODE),
        (json!({"country": "SG", "province": null}), NO_POSTCODE),
        (json!({"province": null}), NO_PROVINCE),
        (json!({"province": " "}), NO_PROVINCE),
    ] {
        let response = change(changes.clone()).await;
        response.assert_failure(400, "validation_failed");
        assert_eq!(response.details(), [problem], "{changes}");
    }
    let unchanged = change(json!({})).await.data();
    assert_eq!(unchanged, row);

    let moved = change(json!({"country": "SG", "province": null, "postcode": "018956"})).await.data();
    assert_eq!(
        (&moved["country"], &moved["province"], &moved["version"]),
        (&json!("SG"), &Value::Null, &json!(2))
    );
    assert_eq!(change(json!({"postcode": null})).await.details(), [NO_POSTCODE]);
    assert_eq!(change(json!({"country": "US"})).await.details(), [NO_PROVINCE]);
    let moved = change(json!({"country": "IE", "postcode": null})).await.data();
    assert_eq!((&moved["country"], &moved["postcode"]), (&json!("IE"), &Value::Null));
}

#[apply(on_both_databases!)]
async fn provinces_are_stored_as_codes(app: &TestApp) {
    let customer = app.customer("a@x.io").await;
    for (country, province, stored) in [
        (" us\u{a0}", " us-ca ", "US-CA"),
        ("US", "ca", "US-CA"),
        ("US", "\u{a0}CALIFORNIA ", "US-CA"),
        ("CA", "québec", "CA-QC"),
        ("DE", "Thuringen", "DE-TH"),
        ("VN", "LAO CAI", "VN-02"),
        ("AT", "9", "AT-9"),
        ("FR", "Provence-Alpes-Cote-d'Azur", "FR-PAC"),
        // Delaware: a code takes precedence, and is of the country of the address.
        ("US", "DE", "US-DE"),
        // Two provinces have this name; their codes differ.
        ("ES", "La Rioja", "La Rioja"),
        ("ES", "LO", "ES-LO"),
        ("BD", "Dhaka", "Dhaka"),
        // Other texts are stored as they are.
        ("CA", "CA", "CA"),
        ("DE", "California", "California"),
        ("US", " Somewhere ", " Somewhere "),
    ] {
        let parts = json!({"country": country, "province": province, "postcode": "1"});
        let response = customer.post(ADDRESSES, &address(&parts)).await;
        assert_eq!(response.status, 201, "{parts}: {response:?}");
        let row = response.data();
        let code = country.trim().to_uppercase();
        assert_eq!(
            (row["country"].as_str(), row["province"].as_str()),
            (Some(code.as_str()), Some(stored)),
            "{parts}"
        );
        // Another spelling changes nothing.
        let url = format!("{ADDRESSES}/{}", row["uuid"].as_str().unwrap());
        let again = customer.patch(&url, &json!({"country": country, "province": province})).await.data();
        assert_eq!(again, row);
    }
    let foreign = address(&json!({"country": "US", "province": " de-be ", "postcode": "1"}));
    let response = customer.post(ADDRESSES, &foreign).await;
    assert_eq!(response.details(), [("province", "Province is not in United States of America")]);
    let query = "{ currentCustomer { addresses { province { name code } } } }";
    let first = customer.query(query).await.data()["currentCustomer"]["addresses"][0]["province"].clone();
    assert_eq!(first, json!({"name": "California", "code": "US-CA"}));
}
