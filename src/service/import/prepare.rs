//! Prepares a batch: parses and validates its lines and hashes their passwords.
//!
//! The lines are validated against the current groups and custom fields. The batch keeps a snapshot of these, with
//! which the writing transaction checks that they are unchanged. An invalid line does not fail the batch.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::account::ImportedAccount;
use super::draft::CustomerDraft;
use super::fields::problems_of;
use super::groups::Groups;
use super::new_password::NewPassword;
use super::owners::Owners;
use super::values::{LineValues, ValidatedDraft, validate_all};
use super::{Line, Options};
use crate::app::ctx::AdminCtx;
use crate::db::TxResult;
use crate::entity::metafield_definition::Model as Definition;
use crate::entity::{customer, customer_group};
use crate::error::{Problem, Result};
use crate::service::input::patch::Problems;
use crate::service::metafield;
use crate::types::{EmailAddress, PasswordHash};

/// A batch of lines that is ready to be written.
#[derive(Debug)]
pub struct Batch {
    pub(super) lines: Vec<Line>,
    pub(super) prepared: Vec<std::result::Result<Prepared, Vec<Problem>>>,
    snapshot: Snapshot,
}

/// A validated line.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) draft: CustomerDraft,
    pub(super) values: LineValues,
    /// The group that the line names.
    pub(super) group_id: Option<i32>,
    /// The customer that the line is about, if it existed.
    pub(super) existing: Option<i32>,
    /// The account that the line creates, or is compared with. `None` if it changes an existing customer.
    pub(super) account: Option<ImportedAccount>,
    /// Hashing is expensive, so a password is hashed only if it is needed.
    pub(super) password: NewPassword,
    /// The key of the stored e-mail address, if the line sets another password.
    pub(super) new_password_of: Option<String>,
}

/// What a batch was validated against.
#[derive(Debug, Default)]
struct Snapshot {
    /// Primary keys of the groups that the batch uses.
    groups: HashSet<i32>,
    /// Definitions of the custom fields; `None` if no line has custom fields or free-form data.
    definitions: Option<metafield::DefinitionsSnapshot>,
}

/// The stored customers whose passwords lines may change: their e-mail addresses and hashes.
type Logins = HashMap<i32, (EmailAddress, PasswordHash)>;

/// Prepares a batch. A problem with a line is not an error but the outcome of that line.
pub async fn prepare(ctx: &AdminCtx, options: Options, lines: Vec<Line>) -> Result<Batch> {
    let parse = |line: &Line| match &line.record {
        Ok(record) => CustomerDraft::parse(ctx, options, record.clone()),
        Err(reason) => Err(vec![Problem::new("", reason)]),
    };
    let parsed: Vec<_> = lines.iter().map(parse).collect();
    let drafts: Vec<&CustomerDraft> = parsed.iter().flatten().collect();
    let mut groups = Groups::read(ctx, options).await?;
    let has_fields = drafts.iter().any(|draft| draft.meta_data.is_some() || draft.metafields.is_some());
    let definitions = if has_fields { Some(metafield::DefinitionsSnapshot::read(ctx).await?) } else { None };
    let owners = Owners::find(ctx.app.db.reader(), options, &drafts).await?;
    let logins = if options.update { logins_of(ctx, &owners, &drafts).await? } else { Logins::new() };
    drop(drafts);
    let mut snapshot = Snapshot { groups: HashSet::new(), definitions };
    let drafts = validate_all(parsed, snapshot.definitions.as_ref()).await?;
    let mut assigned = Vec::with_capacity(drafts.len());
    for draft in drafts {
        assigned.push(assign(ctx, options, draft, &mut groups, &owners).await?);
    }
    snapshot.groups = assigned.iter().flatten().filter_map(Assigned::used_group).collect();
    let with_password = |assigned| add_password(ctx, options, assigned, &logins);
    let threads = ctx.app.config.hashing.threads.get();
    let prepared = stream::iter(assigned).map(with_password).buffered(threads).try_collect().await?;
    Ok(Batch { lines, prepared, snapshot })
}

impl Batch {
    /// The line numbers of the batch.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.lines.iter().map(|line| line.number)
    }

    /// Whether the groups that the batch uses still exist. Locks them until the transaction ends.
    pub(super) async fn groups_exist(&self, tx: &impl ConnectionTrait) -> TxResult<bool> {
        if self.snapshot.groups.is_empty() {
            return Ok(true);
        }
        let ids = self.snapshot.groups.iter().copied();
        let groups = customer_group::Entity::find_by_keys(ids).lock_shared().all(tx).await?;
        Ok(groups.len() >= self.snapshot.groups.len())
    }

    /// Whether the custom fields that the batch was validated against are unchanged. Locks them until the transaction
    /// ends, so customers have to be locked before.
    pub(super) async fn has_current_definitions(&self, tx: &impl ConnectionTrait) -> TxResult<bool> {
        match &self.snapshot.definitions {
            Some(definitions) => definitions.is_still_valid(tx).await,
            None => Ok(true),
        }
    }

    /// The custom fields that the batch was validated against.
    pub(super) fn definitions(&self) -> &[Definition] {
        self.snapshot.definitions.as_ref().map(|snapshot| &**snapshot.definitions()).unwrap_or_default()
    }
}

/// Reads the logins of existing customers whose lines have a password.
async fn logins_of(ctx: &AdminCtx, owners: &Owners, drafts: &[&CustomerDraft]) -> Result<Logins> {
    let with_secret = drafts.iter().filter(|draft| draft.secret.is_some());
    let ids: HashSet<i32> = with_secret.filter_map(|draft| owners.of(draft).ok().flatten()).collect();
    if ids.is_empty() {
        return Ok(Logins::new());
    }
    let select = customer::Entity::find().filter(customer::Column::CustomerId.is_in(ids)).select_only();
    let columns = [customer::Column::CustomerId, customer::Column::Email, customer::Column::Password];
    let rows: Vec<(i32, EmailAddress, PasswordHash)> =
        select.columns(columns).into_tuple().all(ctx.app.db.reader()).await?;
    Ok(rows.into_iter().map(|(id, email, password)| (id, (email, password))).collect())
}

/// A validated line with its group and its customer, before its password is hashed.
struct Assigned {
    draft: CustomerDraft,
    values: LineValues,
    group_id: Option<i32>,
    existing: Option<i32>,
    account: Option<ImportedAccount>,
}

impl Assigned {
    /// The group that the line needs.
    fn used_group(&self) -> Option<i32> {
        self.account.as_ref().map_or(self.group_id, |account| account.group_id)
    }
}

/// Finds the group and the customer of a draft, and builds the account of a new customer.
async fn assign(
    ctx: &AdminCtx,
    options: Options,
    validated: ValidatedDraft,
    groups: &mut Groups,
    owners: &Owners,
) -> Result<std::result::Result<Assigned, Vec<Problem>>> {
    let (mut draft, values) = match validated {
        Ok(validated) => validated,
        Err(problems) => return Ok(Err(problems)),
    };
    let existing = match owners.of(&draft) {
        Ok(existing) => existing,
        Err(problems) => return Ok(Err(problems)),
    };
    if options.update && existing.is_none() {
        let mut problems = Problems::default();
        draft.new = draft.complete(&mut problems);
        if let Err(error) = problems.finish() {
            return Ok(Err(problems_of(error)));
        }
    }
    let group_id = match &draft.group {
        None => None,
        Some(group) => match groups.find(ctx, group).await? {
            Ok(id) => Some(id),
            Err(problems) => return Ok(Err(problems)),
        },
    };
    let account = draft.new.as_ref().map(|new| {
        let group_id = group_id.unwrap_or(customer_group::DEFAULT_GROUP_ID);
        ImportedAccount::from_draft(ctx, &draft, new, group_id, values.new.clone())
    });
    Ok(Ok(Assigned { draft, values, group_id, existing, account }))
}

/// Hashes the password of a line, if it is needed.
async fn add_password(
    ctx: &AdminCtx,
    options: Options,
    assigned: std::result::Result<Assigned, Vec<Problem>>,
    logins: &Logins,
) -> Result<std::result::Result<Prepared, Vec<Problem>>> {
    let Assigned { draft, values, group_id, existing, account } = match assigned {
        Ok(assigned) => assigned,
        Err(problems) => return Ok(Err(problems)),
    };
    let login = existing.and_then(|id| logins.get(&id));
    let password = match (existing, login) {
        (None, _) => match NewPassword::of_new(ctx, options, &draft).await? {
            Ok(password) => password,
            Err(problems) => return Ok(Err(problems)),
        },
        (Some(_), Some((_, stored))) => NewPassword::of_existing(ctx, options, &draft, stored).await?,
        (Some(_), None) => NewPassword::Kept,
    };
    let changed = login.filter(|(_, stored)| password.changes(stored));
    let new_password_of = changed.map(|(email, _)| email.key());
    Ok(Ok(Prepared { draft, values, group_id, existing, account, password, new_password_of }))
}
