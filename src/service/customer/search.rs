//! Keywords: which customers hold them, and the text that is looked in.
//!
//! The text is folded by the program, so that both databases find the same. Both have an index of its trigrams,
//! PostgreSQL where it may have the extension (`migration::search_index`); a word of fewer than three characters has
//! none, so that every text is read for it.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use migration::search_index;
use sea_orm::sea_query::{Expr, ExprTrait, Query, QueryStatementBuilder, SimpleExpr};
use sea_orm::{DbBackend, EntityTrait, QueryOrder, QuerySelect};

use crate::app::App;
use crate::app::ctx::Ctx;
use crate::entity::customer::{Column, Entity};
use crate::error::Result;
use crate::service::query::page::contains;
use crate::types::{Trigrams, search_text, trigrams};

/// Texts of which trigrams are counted.
const SAMPLE: u64 = 1000;
/// Trigrams that SQLite's index is asked for. What has so many is rare already, and all of it is looked at again.
const MAX_TRIGRAMS: usize = 32;

/// Name or e-mail address holds each word of it.
pub(super) fn keyword(text: &str) -> SimpleExpr {
    holds_all(&words(&search_text(text)))
}

/// The same as a condition that everything found has to meet, so that the hits can be looked up first.
pub(super) fn required_keyword(text: &str, app: &App) -> SimpleExpr {
    let text = search_text(text);
    let words = words(&text);
    let (all, looked_up) = (holds_all(&words), trigrams(words.iter().copied()));
    if looked_up.is_empty() {
        return all;
    }
    let known = Arc::clone(&app.trigrams.read().unwrap_or_else(PoisonError::into_inner));
    let rarest = known.rarest(&looked_up);
    let id = Expr::col((Entity, Column::CustomerId));
    match app.db.backend() {
        DbBackend::Sqlite => {
            let looked_up: Vec<&str> = match rarest.is_empty() {
                true => looked_up.iter().take(MAX_TRIGRAMS).map(String::as_str).collect(),
                false => rarest,
            };
            let quoted = looked_up.iter().map(|trigram| format!("\"{}\"", trigram.replace('"', "\"\"")));
            let hits = Query::select()
                .expr(Expr::cust("rowid"))
                .from("customer_search")
                .and_where(Expr::cust_with_values(
                    "customer_search MATCH ?",
                    [quoted.collect::<Vec<_>>().join(" ")],
                ))
                .take();
            id.in_subquery(hits).and(all)
        }
        // By itself, not beside the order of the page: PostgreSQL would now and then walk through all customers in
        // that order, until it had met as many that fit. For a rare word that is all of them.
        _ => {
            let hits = if rarest.is_empty() { all } else { rare_and_all(&rarest, &words) };
            let hits =
                Query::select().column((Entity, Column::CustomerId)).from(Entity).and_where(hits).take();
            let hits = SimpleExpr::SubQuery(None, Box::new(hits.into_sub_query_statement()));
            Expr::cust_with_exprs("$1 = ANY(ARRAY $2)", [id, hits])
        }
    }
}

/// The index of PostgreSQL is asked for what is rare, and whole words are looked for in what it finds, by a function
/// that it knows nothing of: of a pattern it would look up every trigram, those that stand in all texts as well.
fn rare_and_all(rarest: &[&str], words: &BTreeSet<&str>) -> SimpleExpr {
    let column = || Expr::col((Entity, Column::SearchText));
    let holds = |word: &&str| Expr::cust_with_exprs("strpos($1, $2) > 0", [column(), Expr::val(*word)]);
    let rare = rarest.iter().map(|trigram| contains(column(), trigram));
    let all = rare.chain(words.iter().map(holds)).reduce(ExprTrait::and);
    all.unwrap_or_else(|| Expr::val(1).eq(1))
}

fn words(folded: &str) -> BTreeSet<&str> {
    folded.split_whitespace().collect()
}

fn holds_all(words: &BTreeSet<&str>) -> SimpleExpr {
    let column = || Expr::col((Entity, Column::SearchText));
    let all = words.iter().map(|word| contains(column(), word)).reduce(ExprTrait::and);
    all.unwrap_or_else(|| Expr::val(1).eq(1))
}

/// Finds out by a sample which trigrams are common, for the searches to come. Whatever it finds, they find the same.
///
/// # Errors
/// Those of the database.
pub async fn sample_trigrams(ctx: &Ctx) -> Result<()> {
    ctx.require_admin()?;
    // Identifiers are random, and so is who has the first ones.
    let sample = Entity::find().select_only().column(Column::SearchText).order_by_asc(Column::Uuid);
    let sample: Vec<String> = sample.limit(SAMPLE).into_tuple().all(ctx.app.db.reader()).await?;
    let counted = Arc::new(Trigrams::count(sample.iter().map(String::as_str)));
    *ctx.app.trigrams.write().unwrap_or_else(PoisonError::into_inner) = counted;
    Ok(())
}

/// Whether keywords are looked up in an index; without one every text is read.
///
/// # Errors
/// Those of the database.
pub async fn is_indexed(ctx: &Ctx) -> Result<bool> {
    Ok(search_index::exists(ctx.app.db.reader()).await?)
}
