//! Searches customers by keywords.
//!
//! A customer matches if its search text (`service::account`) contains every word of the keyword. patron folds both
//! texts itself, so that SQLite and PostgreSQL find the same customers.
//!
//! Both databases have a trigram index; PostgreSQL only if it can use the extension `pg_trgm`
//! (`migration::search_index`). A word of fewer than three characters has no trigram, so a search for only such words
//! reads the text of every customer. The index is queried with the rarest trigrams, which [`sample_trigrams`]
//! estimates; a wrong estimate makes a search slower but does not change its result. Words that are common in the same
//! sample, such as a large city, are not looked up: reading the customers in the order of the page is faster.

use std::collections::BTreeSet;
use std::sync::Arc;

use migration::search_index;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{DbBackend, EntityTrait, QueryOrder, QuerySelect};

use super::reading::is_one_of;
use crate::app::App;
use crate::app::ctx::{AdminCtx, Ctx};
use crate::entity::customer::{Column, Entity};
use crate::error::Result;
use crate::service::query::condition::{all_of, column};
use crate::service::query::page::contains;
use crate::types::{Trigrams, search_text, trigrams};

/// Number of search texts in the sample whose trigrams are counted.
const SAMPLE: u64 = 1000;
/// Maximum number of trigrams in a query of SQLite's index. A text with that many trigrams is rare already, and every
/// hit is compared with the whole words afterwards.
const MAX_TRIGRAMS: usize = 32;

/// The condition that the search text contains every word of `text`.
pub(super) fn keyword(text: &str) -> SimpleExpr {
    holds_all(&words(&search_text(text)))
}

/// The same condition as [`keyword`], for a query whose every row must meet it. The hits can then be looked up first,
/// in the index.
pub(super) fn required_keyword(text: &str, app: &App) -> SimpleExpr {
    let text = search_text(text);
    let words = words(&text);
    let (all, trigrams_of_words) = (holds_all(&words), trigrams(words.iter().copied()));
    if trigrams_of_words.is_empty() {
        return all;
    }
    let frequencies = Arc::clone(&app.trigrams.read());
    if frequencies.are_common(&words) {
        return match app.db.backend() {
            DbBackend::Sqlite => all,
            // PostgreSQL would look up every trigram of a `LIKE` pattern, although they are common.
            _ => compared(&words),
        };
    }
    let rarest = frequencies.rarest(&trigrams_of_words);
    match app.db.backend() {
        DbBackend::Sqlite => {
            let trigrams_of_words: Vec<&str> = match rarest.is_empty() {
                true => trigrams_of_words.iter().take(MAX_TRIGRAMS).map(String::as_str).collect(),
                false => rarest,
            };
            let quoted =
                trigrams_of_words.iter().map(|trigram| format!("\"{}\"", trigram.replace('"', "\"\"")));
            let hits = Query::select()
                .expr(Expr::cust("rowid"))
                .from("customer_search")
                .and_where(Expr::cust_with_values(
                    "customer_search MATCH ?",
                    [quoted.collect::<Vec<_>>().join(" ")],
                ))
                .take();
            is_one_of(hits, DbBackend::Sqlite).and(all)
        }
        backend => {
            let hits = if rarest.is_empty() { all } else { rare_and_all(&rarest, &words) };
            let hits =
                Query::select().column((Entity, Column::CustomerId)).from(Entity).and_where(hits).take();
            is_one_of(hits, backend)
        }
    }
}

/// Queries PostgreSQL's index for the rarest trigrams and compares the hits with the whole words.
fn rare_and_all(rarest: &[&str], words: &BTreeSet<&str>) -> SimpleExpr {
    let rare = rarest.iter().map(|trigram| contains(column(Column::SearchText), trigram));
    all_of(rare.chain([compared(words)]))
}

/// The condition that the search text contains every word, which PostgreSQL's index does not support. For a `LIKE` pattern
/// PostgreSQL would look up every trigram of the word, even those that occur in every text.
fn compared(words: &BTreeSet<&str>) -> SimpleExpr {
    let holds = |word: &&str| {
        Expr::cust_with_exprs("strpos($1, $2) > 0", [column(Column::SearchText), Expr::val(*word)])
    };
    all_of(words.iter().map(holds))
}

fn words(folded: &str) -> BTreeSet<&str> {
    folded.split_whitespace().collect()
}

fn holds_all(words: &BTreeSet<&str>) -> SimpleExpr {
    all_of(words.iter().map(|word| contains(column(Column::SearchText), word)))
}

/// Counts the trigrams of a sample of customers, so that later searches query the index with the rarest ones. The
/// sample affects only their speed.
pub async fn sample_trigrams(ctx: &AdminCtx) -> Result<()> {
    // Public identifiers are random, so the customers with the first ones are a random sample.
    let sample = Entity::find().select_only().column(Column::SearchText).order_by_asc(Column::Uuid);
    let sample: Vec<String> = sample.limit(SAMPLE).into_tuple().all(ctx.app.db.reader()).await?;
    let frequencies = Arc::new(Trigrams::count(sample.iter().map(String::as_str)));
    *ctx.app.trigrams.write() = frequencies;
    Ok(())
}

/// Whether keyword searches use an index. Without it, a search reads the text of every customer.
pub async fn is_indexed(ctx: &Ctx) -> Result<bool> {
    Ok(search_index::exists(ctx.app.db.reader()).await?)
}
