//! Recovery codes: ten codes that replace the authenticator app, each once. They are returned when they are created; the
//! database contains their hashes.
//!
//! A code has 50 bits, which is enough against login attempts, whose number is limited. It is too few for a plain hash: with
//! a stolen database, an attacker could try all codes. The hash is therefore an HMAC whose key is not in the database.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::app::App;
use crate::db::TxResult;
use crate::entity::admin_recovery_code::{ActiveModel, Column, Entity};
use crate::entity::admin_user;
use crate::error::Result;
use crate::random::Random;
use crate::types::TokenHash;

/// The number of codes of an admin.
const CODES: usize = 10;
/// The length of a code, in characters of 5 bits.
pub(super) const LENGTH: usize = 10;

/// New recovery codes, which are returned only this time.
#[derive(Clone)]
pub struct RecoveryCodes(pub Vec<SecretString>);

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodes(…)")
    }
}

/// Generates the codes, in two halves that are easy to read: `k7m2p-9xw4d`.
pub(super) fn generate(random: &Random) -> RecoveryCodes {
    let code = |_| {
        let word = random.word::<LENGTH>();
        let (one, other) = word.split_at(LENGTH / 2);
        SecretString::from(format!("{one}-{other}"))
    };
    RecoveryCodes((0..CODES).map(code).collect())
}

/// The code without the separators that people type or copy.
pub(super) fn without_separators(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

/// Replaces the codes of an admin. The earlier ones become invalid.
pub(super) async fn replace(
    app: &App,
    tx: &impl ConnectionTrait,
    admin: &admin_user::Model,
    codes: &RecoveryCodes,
) -> TxResult<()> {
    remove(tx, admin.admin_user_id).await?;
    let row = |code: &SecretString| {
        let code = hash(app, admin.uuid, &without_separators(code.expose_secret()))?;
        Ok(ActiveModel { admin_user_id: Set(admin.admin_user_id), code: Set(code), ..Default::default() })
    };
    let rows = codes.0.iter().map(row).collect::<Result<Vec<_>>>()?;
    Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

/// Removes the codes of an admin.
pub(super) async fn remove(tx: &impl ConnectionTrait, admin_user_id: i32) -> TxResult<()> {
    Entity::delete_many().filter(Column::AdminUserId.eq(admin_user_id)).exec(tx).await?;
    Ok(())
}

/// The hash of a code without its separator.
pub(super) fn hash(app: &App, admin: Uuid, code: &str) -> Result<TokenHash> {
    let parts = [admin.as_bytes().as_slice(), code.as_bytes()];
    app.keys.encryption.fingerprint("recovery code", &parts).map(TokenHash::new)
}

/// The primary key of a code that was not used.
pub(super) async fn find(
    tx: &impl ConnectionTrait,
    admin_user_id: i32,
    hash: &TokenHash,
) -> TxResult<Option<i64>> {
    let own = Entity::find().filter(Column::AdminUserId.eq(admin_user_id));
    let code = own.filter(Column::Code.eq(hash.clone())).one(tx).await?;
    Ok(code.map(|code| code.admin_recovery_code_id))
}

/// Uses a code up. Returns false if another request was faster.
pub(super) async fn spend(tx: &impl ConnectionTrait, id: i64) -> TxResult<bool> {
    Ok(Entity::delete_by_id(id).exec(tx).await?.rows_affected == 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::ExposeSecret;

    use super::generate;
    use crate::random::Random;

    #[test]
    fn ten_different_codes_have_two_halves_of_five_characters() {
        let codes = generate(&Random::seeded(1));
        let texts: BTreeSet<&str> = codes.0.iter().map(|code| code.expose_secret()).collect();
        assert_eq!(texts.len(), 10);
        for text in texts {
            let (one, other) = text.split_once('-').unwrap();
            assert_eq!((one.len(), other.len()), (5, 5), "{text}");
        }
    }
}
