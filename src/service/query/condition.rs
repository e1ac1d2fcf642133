//! Parts of SQL conditions.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};

/// A column, with the name of its table.
pub(in crate::service) fn column(column: impl ColumnTrait) -> SimpleExpr {
    Expr::col(column.as_column_ref())
}

/// Matches the rows that meet all of these conditions: without a condition, every row.
pub(in crate::service) fn all_of(conditions: impl Iterator<Item = SimpleExpr>) -> SimpleExpr {
    conditions.reduce(ExprTrait::and).unwrap_or_else(matches_everything)
}

/// Matches the rows that meet at least one of these conditions: without a condition, no row.
pub(in crate::service) fn any_of(conditions: impl Iterator<Item = SimpleExpr>) -> SimpleExpr {
    conditions.reduce(ExprTrait::or).unwrap_or_else(matches_nothing)
}

/// Matches every row.
pub(in crate::service) fn matches_everything() -> SimpleExpr {
    Expr::val(1).eq(1)
}

/// Matches no row.
pub(in crate::service) fn matches_nothing() -> SimpleExpr {
    Expr::val(1).eq(0)
}
