//! Lists in the order of a unique, growing number, such as journal entries and webhook deliveries. Only admins may read
//! them.

use sea_orm::{Condition, EntityTrait};

use super::condition::column;
use super::keyset::{ColumnKind, Keyset, Nulls, Slice, SortKey, Window};
use crate::app::ctx::AdminCtx;
use crate::error::Result;

/// The unique column that orders the rows.
pub(in crate::service) struct NumberColumn<E: EntityTrait> {
    /// The name in cursors.
    pub(in crate::service) name: &'static str,
    pub(in crate::service) column: E::Column,
    /// Returns the number of a row.
    pub(in crate::service) value: fn(&E::Model) -> i64,
}

/// A query for a page of the rows that match a condition.
#[derive(Clone, Debug)]
pub struct Listing<E: EntityTrait> {
    condition: Condition,
    keyset: Keyset,
    number: fn(&E::Model) -> i64,
    after: Option<String>,
    is_of_primary: bool,
}

/// A page of rows.
#[derive(Clone, Debug)]
pub struct Page<M> {
    /// The rows, each with its cursor.
    pub rows: Vec<(String, M)>,
    /// Whether there are more rows after the last one.
    pub has_next: bool,
    /// Whether there are more rows before the first one.
    pub has_previous: bool,
    /// The cursor of the last row. For an empty page, the `after` cursor of the request.
    pub end: Option<String>,
}

impl<E: EntityTrait> Listing<E> {
    /// Parses the pagination arguments of a list in the order of this column.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) for an invalid count or cursor.
    pub(in crate::service) fn parse(
        number: NumberColumn<E>,
        descending: bool,
        window: &Window,
        condition: Condition,
    ) -> Result<Self> {
        let expression = column(number.column);
        let (kind, nulls) = (ColumnKind::Long, Nulls::Never);
        let key = SortKey { name: number.name, expression, kind, nulls, descending };
        let keyset = Keyset::parse(vec![key], window)?;
        let after = window.after.clone();
        Ok(Self { condition, keyset, number: number.value, after, is_of_primary: false })
    }

    /// The same list, never read from a replica.
    pub(in crate::service) fn of_primary(self) -> Self {
        Self { is_of_primary: true, ..self }
    }

    /// The numbers in the cursors of the request.
    pub(in crate::service) fn cursors(&self) -> impl Iterator<Item = i64> {
        self.keyset.numbers()
    }

    /// Removes the rows with a higher number from a page whose lowest number comes first.
    pub(in crate::service) fn cut(&self, page: &mut Page<E::Model>, highest: i64) {
        let count = page.rows.len();
        page.rows.retain(|(_, row)| (self.number)(row) <= highest);
        if page.rows.len() < count {
            page.has_next = false;
            page.end = self.end(&page.rows);
        }
    }

    /// Reads the page.
    pub async fn page(&self, ctx: &AdminCtx) -> Result<Page<E::Model>> {
        let db = &if self.is_of_primary { ctx.app.db.list_reader_of(None) } else { ctx.list_reader() };
        let Slice { rows, more } = self.keyset.rows::<E>(&self.condition, db).await?;
        let behind = self.keyset.has_rows_before_start::<E>(&self.condition, db).await?;
        let cursor = |row: &E::Model| self.keyset.cursor(vec![(self.number)(row).into()]);
        let rows: Vec<_> = rows.into_iter().map(|row| (cursor(&row), row)).collect();
        let (has_next, has_previous) = if self.keyset.backward() { (behind, more) } else { (more, behind) };
        let end = self.end(&rows);
        Ok(Page { rows, has_next, has_previous, end })
    }

    fn end(&self, rows: &[(String, E::Model)]) -> Option<String> {
        rows.last().map(|(cursor, _)| cursor.clone()).or_else(|| self.after.clone())
    }
}
