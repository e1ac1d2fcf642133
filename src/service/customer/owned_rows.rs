//! Conditions on rows of another table that belong to a customer: its addresses, and the values of its custom fields.

use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{DbBackend, EntityTrait};

use super::reading::is_one_of;
use crate::entity::customer;
use crate::service::query::condition::column;

/// The condition that a customer has a row that matches, in the form for few such rows, which are found first. `owner`: the
/// column of the customer.
pub(super) fn has_one_of_few<E: EntityTrait>(
    owner: E::Column,
    rows: SimpleExpr,
    backend: DbBackend,
) -> SimpleExpr {
    is_one_of(Query::select().expr(column(owner)).from(E::default()).and_where(rows).take(), backend)
}

/// The condition that a customer has a row that matches. `is_paged`: the customers are read in some order, and checked one
/// after the other.
pub(super) fn has_row<E: EntityTrait>(
    owner: E::Column,
    rows: SimpleExpr,
    is_paged: bool,
    backend: DbBackend,
) -> SimpleExpr {
    let rows = match backend {
        // No index finds this form. Otherwise SQLite may read all rows that match for each customer, instead of the few
        // rows of the customer.
        DbBackend::Sqlite => SimpleExpr::case(rows, true).finally(false).into(),
        _ => rows,
    };
    let customer = column(customer::Column::CustomerId);
    let mut select = Query::select();
    select.expr(Expr::val(1)).from(E::default()).and_where(rows).and_where(column(owner).eq(customer));
    if is_paged && backend != DbBackend::Sqlite {
        // PostgreSQL turns such a condition into a join, for which it may find all rows before it reads the page. It does
        // not do so with an offset.
        select.offset(0);
    }
    Expr::exists(select)
}
