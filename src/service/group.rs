//! Creates, changes, deletes, finds and lists customer groups.
//!
//! Deleting a group moves its customers to the default group, which can't be deleted. A large group is emptied in
//! batches before the final transaction; if the request is cancelled in between, the batches that are committed stay
//! moved.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::app::ctx::{AdminCtx, Caller, Ctx};
use crate::app::write::{Write, Written};
use crate::db::TxResult;
use crate::entity::customer_group::{ActiveModel, Column, DEFAULT_GROUP_ID, Entity, Model};
use crate::entity::{PublicId, customer};
use crate::error::{Error, Result};
use crate::service::content_version::ContentVersion;
use crate::service::input::patch::{Mode, Problems, TextMessages, expect_value};
use crate::service::input::property::Rule;
use crate::service::input::text::TextRule;
use crate::service::journal::{self, Change, snapshot};
use crate::service::query::condition::column;
use crate::service::query::lock::find_for_update;
use crate::service::query::page::{Filter, ListQuery, Operation, contains_ignoring_case};
use crate::types::{EventKind, fold, next_version};
use crate::{input, spend, transact};

/// Maximum number of customers that one statement moves to another group, because PostgreSQL cancels slow statements.
const BATCH: u64 = 1000;

/// The known filter keys, for the error message about an unknown one.
const KEYS: &[&str] = &["group_name", "ob", "od", "page", "limit"];

/// The error for a deletion of the default group.
pub(crate) const DEFAULT_GROUP: Error = Error::fixed_conflict("The default group can't be deleted");

const GROUP_NAME: TextRule = TextRule::name("Group name");

input! {
    /// The group fields of a request body. Other properties are ignored.
    pub struct GroupInput {
        /// Name of the group. It is unique; upper and lower case are equal.
        group_name: "group_name" = Rule::Line(GROUP_NAME), [required], "\"VIP\"";
    }
}

impl GroupInput {
    pub(super) fn parse(self, mode: Mode) -> Result<Option<String>> {
        let messages = TextMessages {
            not_a_string: "Group name must be a string",
            required: "Group name is required and cannot be empty",
        };
        let mut problems = Problems::default();
        let name = GROUP_NAME.parse("group_name", self.group_name, mode, messages, &mut problems);
        problems.finish()?;
        Ok(name)
    }
}

/// Creates a group.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Conflict`] if another group has the name, ignoring case.
pub async fn create(ctx: &AdminCtx, write: Write<Model>, input: GroupInput) -> Result<Written<Model>> {
    let group_name = expect_value(input.parse(Mode::Create)?)?;
    let now = ctx.app.clock.now();
    let group = ActiveModel {
        uuid: Set(ctx.app.random.uuid()),
        name_key: Set(Some(fold(&group_name))),
        group_name: Set(group_name),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    spend!(ctx, write, |tx| {
        let group = group.clone().insert(tx).await?;
        let created = Change::created(EventKind::GroupCreated, group.uuid, snapshot::group(&group));
        journal::append(ctx, tx, created).await?;
        Ok(group)
    })
}

/// Changes a group. If the name does not differ, `updated_at` stays as it is.
///
/// # Errors
/// [`Error::Invalid`], [`Error::NotFound`], [`Error::Conflict`] if another group has the name, ignoring case,
/// [`Error::PreconditionFailed`] if `If-Match` names a version other than the current one.
pub async fn update(
    ctx: &AdminCtx,
    write: Write<Model>,
    uuid: Uuid,
    input: GroupInput,
) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    let group_name = input.parse(Mode::Update)?;
    spend!(ctx, write, |tx| {
        let current = find_for_update::<Entity>(tx, uuid).await?;
        ctx.if_match.check(current.content_version())?;
        let Some(name) = group_name.clone().filter(|name| *name != current.group_name) else {
            return Ok(current);
        };
        let updated_at = ctx.app.clock.now_after(current.updated_at);
        let before = snapshot::group(&current);
        let mut row = current.into_active_model();
        row.name_key = Set(Some(fold(&name)));
        row.group_name = Set(name);
        row.updated_at = Set(updated_at);
        let group = row.update(tx).await?;
        let updated = Change::updated(EventKind::GroupUpdated, group.uuid, &before, snapshot::group(&group));
        journal::append(ctx, tx, updated).await?;
        Ok(group)
    })
}

/// Deletes a group and returns the deleted row. Its customers move to the default group, which is a journaled change
/// of each of them. The customers of a large group move in several transactions, so that other writers can write in
/// between. If the request exceeds its time limit, some customers have moved; repeating the request moves the others.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] for the default group, [`Error::PreconditionFailed`] if `If-Match` names a
/// version other than the current one.
pub async fn delete(ctx: &AdminCtx, write: Write<Model>, uuid: Uuid) -> Result<Written<Model>> {
    ctx.require_if_match()?;
    while has_more_than_a_batch(ctx, uuid).await? {
        transact!(ctx.app.db, |tx| {
            let group = find_to_delete(ctx, tx, uuid).await?;
            let moved = move_to_default(ctx, tx, group.customer_group_id).await?;
            ctx.record_write(tx).await?;
            Ok(moved)
        })?;
    }
    spend!(ctx, write, |tx| {
        let group = find_to_delete(ctx, tx, uuid).await?;
        while move_to_default(ctx, tx, group.customer_group_id).await? {}
        group.clone().delete(tx).await?;
        let deleted = Change::deleted(EventKind::GroupDeleted, group.uuid, &snapshot::group(&group));
        journal::append(ctx, tx, deleted).await?;
        Ok(group)
    })
}

async fn has_more_than_a_batch(ctx: &Ctx, uuid: Uuid) -> Result<bool> {
    use customer::Column::{CustomerId, GroupId};
    let db = ctx.app.db.reader();
    let Some(group) = Entity::find_by_public_id(uuid).one(db).await? else { return Ok(false) };
    let members = customer::Entity::find().select_only().column(CustomerId);
    let members = members.filter(GroupId.eq(group.customer_group_id)).order_by_asc(CustomerId);
    Ok(members.offset(BATCH).limit(1).into_tuple::<i32>().one(db).await?.is_some())
}

/// Finds the group and locks its row before its customers are read. A concurrent request that assigns a customer to the
/// group waits, and then finds it deleted.
async fn find_to_delete(ctx: &Ctx, tx: &impl ConnectionTrait, uuid: Uuid) -> TxResult<Model> {
    let group = find_for_update::<Entity>(tx, uuid).await?;
    if group.customer_group_id == DEFAULT_GROUP_ID {
        return Err(DEFAULT_GROUP.into());
    }
    ctx.if_match.check(group.content_version())?;
    Ok(group)
}

/// Moves a batch of customers of a group to the default group. Returns whether the group had any.
async fn move_to_default(ctx: &Ctx, tx: &impl ConnectionTrait, group_id: i32) -> TxResult<bool> {
    use customer::Column::{CustomerId, EventSequence, GroupId, UpdatedAt, Version};
    let members = customer::Entity::find().filter(GroupId.eq(group_id)).order_by_asc(CustomerId);
    let members = members.limit(BATCH).lock_exclusive().all(tx).await?;
    let (Some(first), Some(last)) = (members.first(), members.last()) else {
        return Ok(false);
    };
    // All of them get the same timestamp, which is later than the last change of each.
    let updated_at =
        ctx.app.clock.now_after(members.iter().map(|member| member.updated_at).max().unwrap_or_default());
    customer::Entity::update_many()
        .col_expr(GroupId, Expr::value(DEFAULT_GROUP_ID))
        .col_expr(
            Version,
            Expr::case(Expr::col(Version).lt(i32::MAX), Expr::col(Version).add(1)).finally(1).into(),
        )
        .col_expr(EventSequence, Expr::col(EventSequence).add(1))
        .col_expr(UpdatedAt, Expr::value(updated_at))
        .filter(GroupId.eq(group_id))
        .filter(CustomerId.between(first.customer_id, last.customer_id))
        .exec(tx)
        .await?;
    let changes = members.into_iter().map(|mut member| {
        let before = snapshot::customer(&member);
        member.group_id = Some(DEFAULT_GROUP_ID);
        (member.version, member.updated_at) = (next_version(member.version), updated_at);
        let (uuid, data) = (member.uuid, snapshot::customer(&member));
        let updated = Change::updated(EventKind::CustomerUpdated, uuid, &before, data);
        (uuid, member.event_sequence + 1, updated)
    });
    journal::append_batch(ctx, tx, changes).await?;
    Ok(true)
}

/// Parses the filters of a list of groups. They are joined by AND.
///
/// # Errors
/// [`Error::Invalid`] names the first unknown key, operation or value.
pub fn parse_filters(filters: Vec<Filter>) -> Result<ListQuery> {
    let sort_keys = [("name", column(Column::GroupName)), ("created_at", column(Column::CreatedAt))];
    ListQuery::parse(filters, column(Column::CustomerGroupId), &sort_keys, |filter| {
        if filter.key != "group_name" {
            return Err(filter.unknown_key(KEYS));
        }
        filter.allow(&[Operation::Eq, Operation::Like, Operation::Nlike])?;
        let name = filter.value.as_str();
        Ok(match filter.operation {
            Operation::Eq => Column::GroupName.eq(name),
            Operation::Nlike => contains_ignoring_case(column(Column::GroupName), name).not(),
            _ => contains_ignoring_case(column(Column::GroupName), name),
        })
    })
}

/// Finds a group by its primary key.
pub async fn find(ctx: &AdminCtx, id: i32) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(ctx.app.db.reader()).await?)
}

/// Finds a group that the caller may see. An admin may see every group, a customer only its own group.
pub async fn find_visible(ctx: &Ctx, uuid: Uuid) -> Result<Option<Model>> {
    let mut select = Entity::find_by_public_id(uuid);
    match ctx.caller {
        Caller::Admin { .. } | Caller::System => {}
        Caller::Customer { customer_id, .. } => {
            select = select.inner_join(customer::Entity).filter(customer::Column::CustomerId.eq(customer_id));
        }
        Caller::UnenrolledAdmin { .. } | Caller::Anonymous => return Ok(None),
    }
    Ok(select.one(ctx.app.db.reader()).await?)
}

/// Returns one page of groups.
pub async fn list(ctx: &AdminCtx, query: &ListQuery) -> Result<Vec<Model>> {
    query.rows::<Entity>(ctx).await
}

/// Counts the groups on all pages of a query.
pub async fn count(ctx: &AdminCtx, query: &ListQuery) -> Result<i64> {
    query.count::<Entity>(ctx).await
}

/// Returns the groups with these primary keys.
///
/// It does not authorize: the caller of this function must have checked that `ctx` may see a member of each group. A
/// customer may see its own group.
pub async fn of_members(ctx: &Ctx, ids: &[i32]) -> Result<Vec<Model>> {
    Ok(Entity::find_by_keys(ids.iter().copied()).all(ctx.app.db.reader()).await?)
}
