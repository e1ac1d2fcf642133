//! Many customers at once, without a registration for each.

use patron::entity::customer::{ActiveModel, Entity, Model};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::TestApp;

impl TestApp {
    /// Inserts copies of a customer, whose public identifiers count from 1, and returns these. The copies can't log in.
    pub(crate) async fn copy_customer(&self, row: &Model, count: u128) -> Vec<String> {
        let numbers: Vec<u128> = (1..=count).collect();
        let copy = |number: &u128| ActiveModel {
            customer_id: NotSet,
            uuid: Set(Uuid::from_u128(*number)),
            email_key: Set(None),
            event_sequence: Set(0),
            ..ActiveModel::from(row.clone())
        };
        // A statement has a limited number of parameters.
        for chunk in numbers.chunks(200) {
            let rows = Entity::insert_many(chunk.iter().map(copy));
            rows.exec_without_returning(self.app.db.writer()).await.expect("the rows are inserted");
        }
        numbers.into_iter().map(|number| Uuid::from_u128(number).to_string()).collect()
    }
}
