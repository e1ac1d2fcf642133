//! A batch before it is written: parsed, validated by the groups and custom fields there are, and hashed.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use sea_orm::prelude::Json;
use sea_orm::{ConnectionTrait, QuerySelect};
use serde_json::Value;

use super::account::Account;
use super::draft::{CustomerDraft, Secret, problems_of};
use super::existing_records::find_by_emails;
use super::groups::Groups;
use super::{Line, Options};
use crate::app::ctx::Ctx;
use crate::db::{Job, TxResult};
use crate::entity::customer_group;
use crate::entity::metafield_definition::{FieldType, Model as Definition};
use crate::error::{Error, Problem, Result};
use crate::service::input::meta_data::check_size;
use crate::service::metafield::{self, Budget};
use crate::types::PasswordHash;

/// Lines that are ready to be written.
#[derive(Debug)]
pub struct Batch {
    pub(super) lines: Vec<Line>,
    pub(super) prepared: Vec<std::result::Result<Prepared, Vec<Problem>>>,
    snapshot: Snapshot,
}

/// A customer that may be written.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) draft: CustomerDraft,
    /// What is to be stored of it.
    pub(super) account: Account,
    /// None when it is there already: hashing is dear, and nothing is compared with it.
    pub(super) hash: Option<PasswordHash>,
}

/// What a batch is validated by.
#[derive(Debug, Default)]
struct Snapshot {
    /// Groups that the batch names, by primary key.
    groups: HashSet<i32>,
    /// Custom fields; none when no line has any.
    definitions: Option<metafield::DefinitionsSnapshot>,
}

/// Prepares lines to be written.
///
/// # Errors
/// Only the program itself and admins may: [`Error::Unauthenticated`], [`Error::Forbidden`]. Those of the database.
/// What is wrong with a line is no error but its outcome.
pub async fn prepare(ctx: &Ctx, options: Options, lines: Vec<Line>) -> Result<Batch> {
    ctx.require_admin()?;
    let parse = |line: &Line| match &line.record {
        Ok(record) => CustomerDraft::parse(ctx, record.clone()).map(|draft| (draft, record.is_text)),
        Err(reason) => Err(vec![Problem::new("", reason)]),
    };
    let parsed: Vec<_> = lines.iter().map(parse).collect();
    let drafts = || parsed.iter().flatten().map(|(draft, _)| draft);
    let mut groups = Groups::read(ctx, options).await?;
    let has_fields = drafts().any(|draft| draft.meta_data.is_some() || draft.metafields.is_some());
    let definitions = if has_fields { Some(metafield::DefinitionsSnapshot::read(ctx).await?) } else { None };
    let there =
        find_by_emails(ctx.app.db.reader(), drafts().map(|draft| draft.email.key()).collect()).await?;
    let mut snapshot = Snapshot { groups: HashSet::new(), definitions };
    let kept = kept_of_all(parsed, snapshot.definitions.as_ref()).await?;
    let mut validated = Vec::with_capacity(kept.len());
    for kept in kept {
        validated.push(match kept {
            Ok((draft, meta_data)) => classify(ctx, draft, meta_data, &mut groups).await?,
            Err(problems) => Err(problems),
        });
    }
    snapshot.groups = validated.iter().flatten().filter_map(|(_, account)| account.group_id).collect();
    let hash = |validated: std::result::Result<(CustomerDraft, Account), Vec<Problem>>| async {
        let (draft, account) = match validated {
            Ok(validated) => validated,
            Err(problems) => return Ok(Err(problems)),
        };
        let hash = match &draft.secret {
            _ if there.contains_key(&draft.email.key()) => None,
            Secret::Hash(hash) => Some(hash.clone()),
            // It would take its time, and nobody would see it.
            Secret::Password(_) if options.dry_run => Some(PasswordHash::new(String::new())),
            Secret::Password(password) => {
                Some(ctx.app.hasher.hash(&Job, ctx.lane(), password, ctx.app.random.bytes()).await?)
            }
        };
        Ok::<_, Error>(Ok(Prepared { draft, account, hash }))
    };
    let threads = ctx.app.config.hashing.threads.get();
    let prepared = stream::iter(validated).map(hash).buffered(threads).try_collect().await?;
    Ok(Batch { lines, prepared, snapshot })
}

impl Batch {
    /// The numbers of its lines.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.lines.iter().map(|line| line.number)
    }

    /// Whether what it was validated by is still so; it stays so until the transaction ends.
    pub(super) async fn is_still_valid(&self, tx: &impl ConnectionTrait) -> TxResult<bool> {
        if !self.snapshot.groups.is_empty() {
            let ids = self.snapshot.groups.iter().copied();
            let groups = customer_group::Entity::find_by_keys(ids).lock_shared().all(tx).await?;
            if groups.len() < self.snapshot.groups.len() {
                return Ok(false);
            }
        }
        match &self.snapshot.definitions {
            Some(definitions) => definitions.is_still_valid(tx).await,
            None => Ok(true),
        }
    }
}

/// Custom fields and free-form data of all drafts as they are kept, checked on a thread of its own: regular expressions
/// take their time. Each line may cost what a request may.
async fn kept_of_all(
    parsed: Vec<std::result::Result<(CustomerDraft, bool), Vec<Problem>>>,
    snapshot: Option<&metafield::DefinitionsSnapshot>,
) -> Result<Vec<std::result::Result<(CustomerDraft, Json), Vec<Problem>>>> {
    let definitions = snapshot.map(|snapshot| Arc::clone(snapshot.definitions()));
    metafield::run_blocking(move || {
        let definitions = definitions.as_deref().unwrap_or_default();
        let kept = parsed.into_iter().map(|parsed| {
            let (mut draft, is_text) = parsed?;
            let meta_data = kept(&mut draft, is_text, definitions).map_err(problems_of)?;
            Ok((draft, meta_data))
        });
        kept.collect()
    })
    .await
}

/// What is stored of a draft, once group and custom fields are known.
async fn classify(
    ctx: &Ctx,
    draft: CustomerDraft,
    meta_data: Json,
    groups: &mut Groups,
) -> Result<std::result::Result<(CustomerDraft, Account), Vec<Problem>>> {
    let group_id = match &draft.group {
        None => customer_group::DEFAULT_GROUP_ID,
        Some(group) => match groups.find(ctx, group).await? {
            Ok(id) => id,
            Err(problems) => return Ok(Err(problems)),
        },
    };
    let account = Account::of_draft(ctx, &draft, group_id, meta_data);
    Ok(Ok((draft, account)))
}

/// Custom fields and free-form data as they are kept.
fn kept(draft: &mut CustomerDraft, is_text: bool, definitions: &[Definition]) -> Result<Json> {
    let mut budget = Budget::new();
    if let Some(meta_data) = draft.meta_data.take() {
        draft.meta_data = Some(metafield::conform(meta_data, definitions, &mut budget)?);
    }
    if is_text && let Some(metafields) = &mut draft.metafields {
        for definition in definitions {
            let value = metafields.get_mut(&definition.namespace);
            if let Some(value) = value.and_then(|fields| fields.get_mut(&definition.field_key)) {
                type_text(definition, value);
            }
        }
    }
    let meta_data = draft.meta_data.clone().unwrap_or_else(|| Json::Object(serde_json::Map::new()));
    let Some(given) = &draft.metafields else { return Ok(meta_data) };
    let validated = metafield::validate_given(Json::Object(given.clone()), definitions, &mut budget)?;
    let meta_data = metafield::apply(&meta_data, &validated);
    check_size("metafields", &meta_data, None)?;
    Ok(meta_data)
}

/// A cell as a value of the field's type: texts as they are, all else as JSON (`12`, `true`, `["a", "b"]`). What is
/// none stays a text, and is refused for its type.
fn type_text(definition: &Definition, value: &mut Value) {
    use FieldType::{Color, Date, LongText, ShortText, Url};
    let is_text = matches!(definition.field_type, ShortText | LongText | Date | Color | Url);
    if let Value::String(text) = &value
        && (!is_text || definition.is_list)
        && let Ok(typed) = serde_json::from_str(text)
    {
        *value = typed;
    }
}
