//! Rows in the order of their number, a part at a time: what only ever grows.

use sea_orm::sea_query::Expr;
use sea_orm::{Condition, EntityTrait, Iden};

use super::keyset::{ColumnKind, Keyset, Slice, SortKey, Window};
use crate::app::ctx::Ctx;
use crate::error::Result;

/// The number by which rows are in order; none has the same twice.
pub(in crate::service) struct Number<E: EntityTrait> {
    /// Its name in cursors.
    pub(in crate::service) name: &'static str,
    /// The column.
    pub(in crate::service) column: E::Column,
    /// That of a row.
    pub(in crate::service) of: fn(&E::Model) -> i64,
}

/// A part of the rows that meet a condition.
#[derive(Clone, Debug)]
pub struct Listing<E: EntityTrait> {
    condition: Condition,
    keyset: Keyset,
    number: fn(&E::Model) -> i64,
    after: Option<String>,
}

/// What a listing answers with.
#[derive(Clone, Debug)]
pub struct Page<M> {
    /// The rows, each with its cursor.
    pub rows: Vec<(String, M)>,
    /// Whether there are more behind the last one.
    pub has_next: bool,
    /// Whether there are more ahead of the first one.
    pub has_previous: bool,
    /// Where to go on from; of an empty page where it was begun.
    pub end: Option<String>,
}

impl<E: EntityTrait> Listing<E> {
    /// Reads what a caller wants, in the order of this number.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) for counts and cursors that can't be used.
    pub(in crate::service) fn parse(
        number: Number<E>,
        descending: bool,
        window: &Window,
        condition: Condition,
    ) -> Result<Self>
    where
        E::Column: Iden,
    {
        let expression = Expr::col((E::default(), number.column));
        let key =
            SortKey { name: number.name, expression, kind: ColumnKind::Long, nullable: false, descending };
        let keyset = Keyset::parse(vec![key], window)?;
        Ok(Self { condition, keyset, number: number.of, after: window.after.clone() })
    }

    /// The numbers that its cursors name.
    pub(in crate::service) fn cursors(&self) -> impl Iterator<Item = i64> {
        self.keyset.numbers()
    }

    /// Its rows.
    ///
    /// # Errors
    /// Only admins may; those of the database.
    pub async fn page(&self, ctx: &Ctx) -> Result<Page<E::Model>> {
        ctx.require_admin()?;
        let db = ctx.app.db.lists();
        let Slice { rows, more } = self.keyset.rows::<E>(&self.condition, db).await?;
        let behind = self.keyset.has_rows_behind::<E>(&self.condition, db).await?;
        let cursor = |row: &E::Model| self.keyset.cursor(vec![(self.number)(row).into()]);
        let rows: Vec<_> = rows.into_iter().map(|row| (cursor(&row), row)).collect();
        let (has_next, has_previous) = if self.keyset.backward() { (behind, more) } else { (more, behind) };
        let end = rows.last().map(|(cursor, _)| cursor.clone()).or_else(|| self.after.clone());
        Ok(Page { rows, has_next, has_previous, end })
    }
}
