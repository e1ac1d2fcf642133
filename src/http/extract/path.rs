//! Extracts the public identifiers in the path of a URL. An invalid identifier is 404, like an unknown one.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::entity::PublicId;
use crate::error::Error;
use crate::http::failure::Failure;

/// The identifier of a row of `E`, which the path names. Handlers extract it after the context, so that a refused caller
/// learns nothing from it.
#[derive(Debug)]
pub struct PathId<E> {
    /// The identifier.
    pub uuid: Uuid,
    entity: PhantomData<E>,
}

impl<S: Send + Sync, E: PublicId> FromRequestParts<S> for PathId<E> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| not_found::<E>())?;
        Ok(Self { uuid: parse::<E>(&text)?, entity: PhantomData })
    }
}

/// The identifier of a row of `E` that belongs to a row of `P`. The path names both.
#[derive(Debug)]
pub struct NestedPathId<P, E> {
    /// The identifier of the row of `P`.
    pub parent: Uuid,
    /// The identifier of the row of `E`.
    pub uuid: Uuid,
    entities: PhantomData<(P, E)>,
}

impl<S: Send + Sync, P: PublicId, E: PublicId> FromRequestParts<S> for NestedPathId<P, E> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((parent, text)) = path.map_err(|_| not_found::<E>())?;
        Ok(Self { parent: parse::<P>(&parent)?, uuid: parse::<E>(&text)?, entities: PhantomData })
    }
}

/// Parses an identifier, with or without hyphens. Other formats of UUIDs are not accepted.
fn parse<E: PublicId>(text: &str) -> Result<Uuid, Failure> {
    let has_valid_length = matches!(text.len(), 32 | 36);
    has_valid_length.then(|| Uuid::try_parse(text).ok()).flatten().ok_or_else(not_found::<E>)
}

fn not_found<E: PublicId>() -> Failure {
    Error::NotFound(E::NOUN).into()
}
