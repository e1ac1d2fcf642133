//! Prepares a batch: parses and validates its lines and hashes their passwords.
//!
//! The lines are validated against the current groups and custom fields. The batch keeps a snapshot of these, with
//! which the writing transaction checks that they are unchanged. An invalid line does not fail the batch.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use sea_orm::prelude::Json;
use sea_orm::{ConnectionTrait, QuerySelect};
use serde_json::Value;

use super::account::ImportedAccount;
use super::by_email::find_by_emails;
use super::draft::{CustomerDraft, Secret, problems_of};
use super::groups::Groups;
use super::{Line, Options};
use crate::app::ctx::AdminCtx;
use crate::db::{BackgroundJob, TxResult};
use crate::entity::customer_group;
use crate::entity::metafield_definition::{FieldType, Model as Definition};
use crate::error::{Error, Problem, Result};
use crate::service::input::meta_data::check_size;
use crate::service::metafield::{self, ValidationBudget};
use crate::types::PasswordHash;

/// A batch of lines that is ready to be written.
#[derive(Debug)]
pub struct Batch {
    pub(super) lines: Vec<Line>,
    pub(super) prepared: Vec<std::result::Result<Prepared, Vec<Problem>>>,
    snapshot: Snapshot,
}

/// A validated line with its password hash.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) draft: CustomerDraft,
    /// The account to store.
    pub(super) account: ImportedAccount,
    /// `None` if the customer already exists: hashing is expensive, and the password of an existing customer is not
    /// compared.
    pub(super) hash: Option<PasswordHash>,
}

/// The groups and custom fields that a batch was validated against.
#[derive(Debug, Default)]
struct Snapshot {
    /// Primary keys of the groups that the batch uses.
    groups: HashSet<i32>,
    /// Definitions of the custom fields; `None` if no line has custom fields or free-form data.
    definitions: Option<metafield::DefinitionsSnapshot>,
}

/// Prepares a batch. A problem with a line is not an error but the outcome of that line.
pub async fn prepare(ctx: &AdminCtx, options: Options, lines: Vec<Line>) -> Result<Batch> {
    let parse = |line: &Line| match &line.record {
        Ok(record) => CustomerDraft::parse(ctx, record.clone()).map(|draft| (draft, record.is_text)),
        Err(reason) => Err(vec![Problem::new("", reason)]),
    };
    let parsed: Vec<_> = lines.iter().map(parse).collect();
    let drafts = || parsed.iter().flatten().map(|(draft, _)| draft);
    let mut groups = Groups::read(ctx, options).await?;
    let has_fields = drafts().any(|draft| draft.meta_data.is_some() || draft.metafields.is_some());
    let definitions = if has_fields { Some(metafield::DefinitionsSnapshot::read(ctx).await?) } else { None };
    let existing =
        find_by_emails(ctx.app.db.reader(), drafts().map(|draft| draft.email.key()).collect()).await?;
    let mut snapshot = Snapshot { groups: HashSet::new(), definitions };
    let drafts = validate_all_meta_data(parsed, snapshot.definitions.as_ref()).await?;
    let mut validated = Vec::with_capacity(drafts.len());
    for draft in drafts {
        validated.push(match draft {
            Ok((draft, meta_data)) => build_account(ctx, draft, meta_data, &mut groups).await?,
            Err(problems) => Err(problems),
        });
    }
    snapshot.groups = validated.iter().flatten().filter_map(|(_, account)| account.group_id).collect();
    let hash = |validated: std::result::Result<(CustomerDraft, ImportedAccount), Vec<Problem>>| async {
        let (draft, account) = match validated {
            Ok(validated) => validated,
            Err(problems) => return Ok(Err(problems)),
        };
        let hash = match &draft.secret {
            _ if existing.contains_key(&draft.email.key()) => None,
            Secret::Hash(hash) => Some(hash.clone()),
            // A dry run stores no hash, so it skips the expensive hashing.
            Secret::Password(_) if options.dry_run => Some(PasswordHash::new(String::new())),
            Secret::Password(password) => {
                Some(ctx.app.hasher.hash(&BackgroundJob, ctx.lane(), password, ctx.app.random.bytes()).await?)
            }
        };
        Ok::<_, Error>(Ok(Prepared { draft, account, hash }))
    };
    let threads = ctx.app.config.hashing.threads.get();
    let prepared = stream::iter(validated).map(hash).buffered(threads).try_collect().await?;
    Ok(Batch { lines, prepared, snapshot })
}

impl Batch {
    /// The line numbers of the batch.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.lines.iter().map(|line| line.number)
    }

    /// Whether the groups and custom fields that the batch was validated against are unchanged. Locks them until the
    /// transaction ends.
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

/// Validates custom fields and free-form data of all drafts, on a blocking thread because regular expressions are slow.
/// Each line has the cost budget of one request.
async fn validate_all_meta_data(
    parsed: Vec<std::result::Result<(CustomerDraft, bool), Vec<Problem>>>,
    snapshot: Option<&metafield::DefinitionsSnapshot>,
) -> Result<Vec<std::result::Result<(CustomerDraft, Json), Vec<Problem>>>> {
    let definitions = snapshot.map(|snapshot| Arc::clone(snapshot.definitions()));
    metafield::run_blocking(move || {
        let definitions = definitions.as_deref().unwrap_or_default();
        let validated = parsed.into_iter().map(|parsed| {
            let (mut draft, is_text) = parsed?;
            let meta_data =
                validate_draft_meta_data(&mut draft, is_text, definitions).map_err(problems_of)?;
            Ok((draft, meta_data))
        });
        validated.collect()
    })
    .await
}

/// Finds the group of a draft and builds the account to store.
async fn build_account(
    ctx: &AdminCtx,
    draft: CustomerDraft,
    meta_data: Json,
    groups: &mut Groups,
) -> Result<std::result::Result<(CustomerDraft, ImportedAccount), Vec<Problem>>> {
    let group_id = match &draft.group {
        None => customer_group::DEFAULT_GROUP_ID,
        Some(group) => match groups.find(ctx, group).await? {
            Ok(id) => id,
            Err(problems) => return Ok(Err(problems)),
        },
    };
    let account = ImportedAccount::from_draft(ctx, &draft, group_id, meta_data);
    Ok(Ok((draft, account)))
}

/// Validates custom fields and free-form data of a draft and returns them in the form in which they are stored.
fn validate_draft_meta_data(
    draft: &mut CustomerDraft,
    is_text: bool,
    definitions: &[Definition],
) -> Result<Json> {
    let mut budget = ValidationBudget::new();
    if let Some(meta_data) = draft.meta_data.take() {
        draft.meta_data = Some(metafield::validate_meta_data(meta_data, definitions, &mut budget)?);
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
    let Some(metafields) = &draft.metafields else { return Ok(meta_data) };
    let validated = metafield::validate_values(Json::Object(metafields.clone()), definitions, &mut budget)?;
    let meta_data = metafield::apply(&meta_data, &validated);
    check_size("metafields", &meta_data, None)?;
    Ok(meta_data)
}

/// Converts a cell to a value of the field's type. Texts stay as they are; other types and lists are parsed as JSON
/// (`12`, `true`, `["a", "b"]`). A cell that is not valid JSON stays a text, and validation then refuses its type.
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
