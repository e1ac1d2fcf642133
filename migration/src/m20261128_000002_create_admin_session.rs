//! Sessions of admins, and the refresh tokens that each has had; they go when their admin goes.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("admin_session")
                    .col(big_pk_auto("admin_session_id"))
                    .col(columns::uuid(manager))
                    .col(integer("admin_user_id"))
                    .col(string_null("user_agent"))
                    .col(string_null("ip_address"))
                    .col(columns::timestamp(manager, "created_at"))
                    .col(columns::timestamp(manager, "last_used_at"))
                    .col(columns::timestamp(manager, "expires_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("admin_session_admin_user_id_fkey")
                            .from("admin_session", "admin_user_id")
                            .to("admin_user", "admin_user_id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("admin_refresh_token")
                    .col(big_pk_auto("admin_refresh_token_id"))
                    .col(big_integer("admin_session_id"))
                    .col(big_integer_null("parent_id"))
                    .col(string("token_hash").unique_key())
                    .col(boolean("is_used").default(false))
                    .col(columns::timestamp(manager, "expires_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .name("admin_refresh_token_admin_session_id_fkey")
                            .from("admin_refresh_token", "admin_session_id")
                            .to("admin_session", "admin_session_id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .take(),
            )
            .await?;
        columns::index(manager, "admin_session", &["admin_user_id"]).await?;
        columns::index(manager, "admin_session", &["expires_at"]).await?;
        columns::index(manager, "admin_refresh_token", &["admin_session_id"]).await?;
        columns::index(manager, "admin_refresh_token", &["parent_id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("admin_refresh_token").take()).await?;
        manager.drop_table(Table::drop().table("admin_session").take()).await
    }
}
