//! A decision as the change of a row.
//!
//! The change is written as the shop writes: without the mark of patron's transactions. If the adoption was interrupted, the
//! guards exist already and keep patron's columns right.

use sea_orm::{ConnectionTrait, DbBackend, SqlErr, Statement, Value};

use super::model::{AccountAction, AccountDecision, DefaultDecision, GroupAction, GroupDecision};
use super::proposals::{account_toml, default_toml, group_toml};
use crate::error::{Error, Result};

/// One decision.
#[derive(Clone, Copy, Debug)]
pub(super) enum DecisionRow<'a> {
    Customer(&'a AccountDecision),
    Admin(&'a AccountDecision),
    Group(&'a GroupDecision),
    DefaultAddress(&'a DefaultDecision),
}

impl DecisionRow<'_> {
    /// Whether it changes a row.
    pub(super) fn is_change(self) -> bool {
        match self {
            Self::Customer(decision) | Self::Admin(decision) => decision.action != AccountAction::Keep,
            Self::Group(decision) => decision.action != GroupAction::Keep,
            Self::DefaultAddress(_) => true,
        }
    }

    pub(super) fn toml(self) -> String {
        match self {
            Self::Customer(decision) => account_toml("customer", decision),
            Self::Admin(decision) => account_toml("admin", decision),
            Self::Group(decision) => group_toml(decision),
            Self::DefaultAddress(decision) => default_toml(decision),
        }
    }

    fn name(self) -> String {
        match self {
            Self::Customer(decision) => format!("customer {}", decision.id),
            Self::Admin(decision) => format!("admin {}", decision.id),
            Self::Group(decision) => format!("group {}", decision.id),
            Self::DefaultAddress(decision) => format!("default_address of customer {}", decision.customer_id),
        }
    }

    /// Changes the row. Does nothing if it was changed before.
    pub(super) async fn apply(self, tx: &impl ConnectionTrait) -> Result<()> {
        match self {
            Self::Customer(decision) => self.apply_to_account(tx, "customer", "0", decision).await,
            Self::Admin(decision) => self.apply_to_account(tx, "admin_user", "false", decision).await,
            Self::Group(decision) => self.apply_to_group(tx, decision).await,
            Self::DefaultAddress(decision) => self.apply_to_default(tx, decision).await,
        }
    }

    /// `disabled`: the status of a disabled account.
    async fn apply_to_account(
        self,
        tx: &impl ConnectionTrait,
        table: &str,
        disabled: &str,
        decision: &AccountDecision,
    ) -> Result<()> {
        let select = format!(r#"SELECT email::text FROM "{table}" WHERE {table}_id = $1 FOR UPDATE"#);
        let stored = self.stored(tx, &select, decision.id).await?;
        let new_email = decision.new_email.clone().unwrap_or_default();
        if stored != decision.email && (stored != new_email || !self.is_change()) {
            return Err(self.refused("its e-mail address is not the one of the decision"));
        }
        if !self.is_change() {
            return Ok(());
        }
        let status = match decision.action {
            AccountAction::Disable => format!(", status = {disabled}"),
            AccountAction::Keep | AccountAction::Rename => String::new(),
        };
        let update = format!(r#"UPDATE "{table}" SET email = $2{status} WHERE {table}_id = $1"#);
        self.execute(tx, &update, [decision.id.into(), new_email.into()]).await
    }

    async fn apply_to_group(self, tx: &impl ConnectionTrait, decision: &GroupDecision) -> Result<()> {
        const SELECT: &str =
            "SELECT group_name::text FROM customer_group WHERE customer_group_id = $1 FOR UPDATE";
        const UPDATE: &str = "UPDATE customer_group SET group_name = $2 WHERE customer_group_id = $1";
        let stored = self.stored(tx, SELECT, decision.id).await?;
        let new_name = decision.new_name.clone().unwrap_or_default();
        if stored != decision.name && (stored != new_name || !self.is_change()) {
            return Err(self.refused("its name is not the one of the decision"));
        }
        if !self.is_change() {
            return Ok(());
        }
        self.execute(tx, UPDATE, [decision.id.into(), new_name.into()]).await
    }

    async fn apply_to_default(self, tx: &impl ConnectionTrait, decision: &DefaultDecision) -> Result<()> {
        const SELECT: &str = "SELECT customer_id::text FROM customer_address WHERE customer_address_id = $1 AND is_default FOR UPDATE";
        const UPDATE: &str = "UPDATE customer_address SET is_default = false \
            WHERE customer_id = $1 AND is_default AND customer_address_id <> $2";
        let owner = self.stored(tx, SELECT, decision.keep).await?;
        if owner != decision.customer_id.to_string() {
            return Err(self.refused("the address to keep is not one of this customer"));
        }
        self.execute(tx, UPDATE, [decision.customer_id.into(), decision.keep.into()]).await
    }

    /// Reads and locks the row.
    async fn stored(self, tx: &impl ConnectionTrait, select: &str, id: i32) -> Result<String> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, select, [id.into()]);
        let row = tx.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| self.refused("there is no such row"))?;
        Ok(row.try_get_by_index(0)?)
    }

    async fn execute(self, tx: &impl ConnectionTrait, update: &str, values: [Value; 2]) -> Result<()> {
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, update, values);
        match tx.execute_raw(statement).await {
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                Err(self.refused("another row has the new value"))
            }
            executed => {
                executed?;
                Ok(())
            }
        }
    }

    fn refused(self, reason: &str) -> Error {
        let message = format!(
            "{}: {reason}; run `patron adopt --check --proposals FILE` for current proposals",
            self.name()
        );
        Error::invalid(self.name(), message)
    }
}
