//! Finds the groups that a file names, and creates missing ones if the options allow it.

use std::collections::{HashMap, HashSet};

use sea_orm::EntityTrait;

use super::Options;
use super::draft::Group;
use super::fields::problems_of;
use crate::app::ctx::AdminCtx;
use crate::app::write::Write;
use crate::entity::customer_group;
use crate::error::{Error, Problem, Result};
use crate::service::group::{self, GroupInput};
use crate::service::input::patch::{Field, Mode};
use crate::types::fold;

/// The existing groups, by primary key and by folded name. The unique index of names uses the same folding.
pub(super) struct Groups {
    options: Options,
    ids: HashSet<i32>,
    by_name: HashMap<String, i32>,
}

impl Groups {
    pub(super) async fn read(ctx: &AdminCtx, options: Options) -> Result<Self> {
        let rows = customer_group::Entity::find().all(ctx.app.db.reader()).await?;
        let ids = rows.iter().map(|row| row.customer_group_id).collect();
        // A group without a key may have the same name as a group with one; the group with the key wins.
        let (with_key, without): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.name_key.is_some());
        let mut by_name = HashMap::new();
        for row in with_key.into_iter().chain(without) {
            by_name.entry(fold(&row.group_name)).or_insert(row.customer_group_id);
        }
        Ok(Self { options, ids, by_name })
    }

    /// Returns the primary key of a group, or the problems with it. A missing group is created if the options allow it.
    pub(super) async fn find(
        &mut self,
        ctx: &AdminCtx,
        group: &Group,
    ) -> Result<std::result::Result<i32, Vec<Problem>>> {
        let refused = |field: &str| Ok(Err(vec![Problem::new(field, "Group does not exist")]));
        let name = match group {
            Group::Id(id) if self.ids.contains(id) => return Ok(Ok(*id)),
            Group::Id(_) => return refused("group_id"),
            Group::Named(name) => name,
        };
        if let Some(id) = self.by_name.get(&fold(name)) {
            return Ok(Ok(*id));
        }
        if !self.options.create_groups {
            return refused("group_name");
        }
        let input = GroupInput { group_name: Field::Value(name.clone().into()) };
        let id = if self.options.dry_run {
            // No group has the primary key 0, and a dry run writes no row with it.
            input.parse(Mode::Create).map(|_| 0)
        } else {
            group::create(ctx, Write::of_job(), input).await.map(|group| group.value.customer_group_id)
        };
        match id {
            Ok(id) => {
                self.ids.insert(id);
                self.by_name.insert(fold(name), id);
                Ok(Ok(id))
            }
            Err(error @ Error::Invalid(_)) => Ok(Err(problems_of(error))),
            // Another client has created the group at the same time.
            Err(Error::Conflict(_)) => {
                *self = Self::read(ctx, self.options).await?;
                let id = self.by_name.get(&fold(name)).copied();
                Ok(Ok(id.ok_or_else(|| Error::unavailable("groups keep changing"))?))
            }
            Err(error) => Err(error),
        }
    }
}
