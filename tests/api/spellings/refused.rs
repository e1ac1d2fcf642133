//! Invalid e-mail addresses and names of invisible characters are refused.

use super::*;

#[apply(on_both_databases!)]
async fn invalid_addresses_are_refused(app: &TestApp) {
    let row = app.register("ada@x.io").await;
    let customer = app.log_in_customer(&row).await;
    let before = app.customers().await;
    for email in REFUSED {
        for response in [
            register(app, "Ada", email, CUSTOMER_PASSWORD).await,
            app.admin().patch(&url(&row), &json!({"email": email})).await,
            customer.patch(ME, &json!({"email": email})).await,
        ] {
            assert_eq!(response.status, 400, "{email:?}: {response:?}");
            response.assert_failure(400, "validation_failed");
            assert_eq!(response.details(), [("email", INVALID_EMAIL)], "{email:?}");
        }
        let outcomes = import_records(app, Options::default(), &[record("Ada", email)]).await;
        assert_eq!(outcomes, [refused("email", INVALID_EMAIL)], "{email:?}");
    }
    assert_eq!(app.customers().await, before);
}

#[apply(on_both_databases!)]
async fn invisible_names_of_customers_are_refused(app: &TestApp) {
    const REQUIRED: &str = "Full name is required and cannot be empty";
    let customer = app.customer("ada@x.io").await;
    let before = app.customers().await;
    for name in BLANK_NAMES {
        for response in [
            register(app, name, "bob@x.io", CUSTOMER_PASSWORD).await,
            app.admin().patch(&url(&customer.row), &json!({"full_name": name})).await,
            customer.patch(ME, &json!({"full_name": name})).await,
        ] {
            assert_eq!(response.status, 400, "{name:?}: {response:?}");
            assert_eq!(response.message(), REQUIRED, "{name:?}");
        }
        let outcomes = import_records(app, Options::default(), &[record(name, "bob@x.io")]).await;
        assert!(
            matches!(&outcomes[0], ImportOutcome::Refused(problems) if problems[0].message == REQUIRED),
            "{outcomes:?}"
        );
    }
    assert_eq!(app.customers().await, before);
    for name in NAMES {
        assert_eq!(customer.patch(ME, &json!({"full_name": name})).await.data()["full_name"], name);
    }
}

#[apply(on_both_databases!)]
async fn invisible_names_of_addresses_and_groups_are_refused(app: &TestApp) {
    let customer = app.customer("ada@x.io").await;
    let address = |name: &str| {
        json!({"full_name": name, "address_1": "1 Market Street", "city": "San Francisco",
        "postcode": "94103", "province": "US-CA", "country": "US"})
    };
    let path = format!("{ME}/addresses");
    for name in BLANK_NAMES.iter().filter(|name| !name.contains('\t')) {
        let response = customer.post(&path, &address(name)).await;
        assert_eq!(response.status, 400, "{name:?}: {response:?}");
        assert_eq!(response.details(), [("full_name", "Full name is required")], "{name:?}");
    }
    for name in BLANK_NAMES {
        let response = app.admin().post("/api/customer-groups", &json!({"group_name": name})).await;
        assert_eq!(response.status, 400, "{name:?}: {response:?}");
        assert_eq!(
            response.details(),
            [("group_name", "Group name is required and cannot be empty")],
            "{name:?}"
        );
    }
    for name in NAMES {
        assert_eq!(customer.post(&path, &address(name)).await.status, 201, "{name:?}");
        let response = app.admin().post("/api/customer-groups", &json!({"group_name": name})).await;
        assert_eq!((response.status, &response.data()["group_name"]), (201, &json!(name)));
    }
}
