//! `DELETE /api/customers/{uuid}`.

use patron::entity::customer_address;
use sea_orm::{EntityTrait, PaginatorTrait};

use crate::support::{Actor, apply, on_both_databases};

#[apply(on_both_databases!)]
async fn the_documented_example_works(app: &TestApp) {
    let other = app.register("other@x.io").await;
    let customer = app.customer("john.smith@example.com").await;
    let mut expected = customer.row.clone();
    expected.as_object_mut().unwrap().remove("links");
    app.add_address(&expected, "US-CA", true).await;
    app.add_address(&other, "US-CA", true).await;
    let url = format!("/api/customers/{}", expected["uuid"].as_str().unwrap());

    let response = app.admin().delete(&url).await;
    assert_eq!((response.status, response.data()), (200, expected));

    app.admin().delete(&url).await.assert_failure(404, "not_found");
    assert_eq!(app.customers().await.len(), 1);
    let addresses = customer_address::Entity::find().count(app.app.db.writer()).await.unwrap();
    assert_eq!(addresses, 1, "only its own addresses are deleted");
    assert_eq!(customer.query("{currentCustomer{uuid}}").await.status, 401, "its tokens are refused");
    // The e-mail address can be registered again.
    app.register("john.smith@example.com").await;
}
