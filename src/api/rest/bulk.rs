//! The REST operation that changes many customers.

use serde::Serialize;
use utoipa::ToSchema;

use super::documented_failures::FilterChanged;
use crate::app::ctx::AdminCtx;
use crate::bodies;
use crate::http::failure::documented::{Body, Failing, SteppedUpOnly};
use crate::http::{Data, Failure, JsonObject, OneWrite, WriteResponse};
use crate::service::bulk::{self, BulkOutcome, BulkRow, RowResult};

bodies! {
    /// An action, and the customers: either a list of them, or a filter with the number of customers that it found.
    BulkChange: Create bulk::BulkInput;
}

/// The outcome of a bulk action.
#[derive(Serialize, ToSchema)]
pub(super) struct BulkReport {
    /// The action.
    #[schema(example = "disable")]
    action: &'static str,
    /// Number of customers.
    #[schema(example = 2)]
    total: usize,
    /// Number of customers that have changed.
    #[schema(example = 1)]
    done: usize,
    /// Number of customers that already were as the action makes them.
    #[schema(example = 0)]
    unchanged: usize,
    /// Number of customers that do not exist.
    #[schema(example = 1)]
    failed: usize,
    /// A result for each customer, in the order of the request; of a filter, the newest customer first.
    results: Vec<BulkResult>,
}

/// The result of one customer.
#[derive(Serialize, ToSchema)]
pub(super) struct BulkResult {
    /// Public identifier of the customer.
    #[schema(format = "uuid", example = "433ba97f-8be7-4be9-be3f-a9f341f2b89f")]
    uuid: String,
    /// `done`, `unchanged` or `failed`.
    #[schema(example = "done")]
    result: &'static str,
    /// Why it failed.
    #[schema(required = true, example = json!(null))]
    message: Option<&'static str>,
}

impl From<&BulkRow> for BulkResult {
    fn from(row: &BulkRow) -> Self {
        let (result, message) = match row.result {
            RowResult::Done => ("done", None),
            RowResult::Unchanged => ("unchanged", None),
            RowResult::NotFound => ("failed", Some("Customer not found")),
        };
        Self { uuid: row.customer.to_string(), result, message }
    }
}

fn report(outcome: &BulkOutcome) -> Data<BulkReport> {
    let count = |result| outcome.rows.iter().filter(|row| row.result == result).count();
    Data::of(BulkReport {
        action: outcome.action.name(),
        total: outcome.rows.len(),
        done: count(RowResult::Done),
        unchanged: count(RowResult::Unchanged),
        failed: count(RowResult::NotFound),
        results: outcome.rows.iter().map(BulkResult::from).collect(),
    })
}

/// Change many customers
///
/// At most 1 000 customers: those in `customers`, or all that `filter` finds. Either all of them change, or none: after an
/// interruption, repeat the request with the same `Idempotency-Key`. `delete` needs a step-up.
#[utoipa::path(
    post,
    path = "/api/customers/bulk",
    tag = "customers",
    request_body = BulkChange,
    security(("admin" = [])),
    responses(
        (status = 200, description = "A result for each customer", body = Data<BulkReport>),
        Failing<(SteppedUpOnly, FilterChanged, Body)>,
    )
)]
pub(super) async fn change_customers(
    ctx: AdminCtx,
    write: OneWrite,
    JsonObject(body): JsonObject,
) -> Result<WriteResponse, Failure> {
    Ok(bulk::change_many(&ctx, write.respond_with(report), body.into()).await?.into())
}
