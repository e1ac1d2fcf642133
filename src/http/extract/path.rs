//! Extracts the public identifiers in the path of a URL. An invalid identifier is 404, like an unknown one.

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::entity::PublicId;
use crate::error::Error;
use crate::http::failure::Failure;

/// The identifier of a row of `E`, which the path names. It is judged when the handler asks for it, which is after the caller
/// and the body: a refused caller learns nothing from it, and an unreadable body is reported first.
#[derive(Debug)]
pub(crate) struct PathId<E> {
    uuid: Option<Uuid>,
    entity: PhantomData<E>,
}

impl<E: PublicId> PathId<E> {
    /// The identifier.
    ///
    /// # Errors
    /// 404, if it is invalid.
    pub(crate) fn uuid(&self) -> Result<Uuid, Failure> {
        self.uuid.ok_or_else(not_found::<E>)
    }
}

impl<S: Send + Sync, E: PublicId> FromRequestParts<S> for PathId<E> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let uuid = path.ok().and_then(|Path(text)| parse(&text));
        Ok(Self { uuid, entity: PhantomData })
    }
}

/// The identifier of a row of `E` that belongs to a row of `P`, as [`PathId`]. The path names both.
#[derive(Debug)]
pub(crate) struct NestedPathId<P, E> {
    parent: Option<Uuid>,
    uuid: Option<Uuid>,
    entities: PhantomData<(P, E)>,
}

impl<P: PublicId, E: PublicId> NestedPathId<P, E> {
    /// The identifier of the row of `P`.
    ///
    /// # Errors
    /// 404, if it is invalid.
    pub(crate) fn parent(&self) -> Result<Uuid, Failure> {
        self.parent.ok_or_else(not_found::<P>)
    }

    /// The identifier of the row of `E`.
    ///
    /// # Errors
    /// 404, if it is invalid.
    pub(crate) fn uuid(&self) -> Result<Uuid, Failure> {
        self.uuid.ok_or_else(not_found::<E>)
    }
}

impl<S: Send + Sync, P: PublicId, E: PublicId> FromRequestParts<S> for NestedPathId<P, E> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let (parent, uuid) = path.map_or((None, None), |Path((parent, text))| (parse(&parent), parse(&text)));
        Ok(Self { parent, uuid, entities: PhantomData })
    }
}

/// Parses an identifier, with or without hyphens. Other formats of UUIDs are not accepted.
fn parse(text: &str) -> Option<Uuid> {
    let has_valid_length = matches!(text.len(), 32 | 36);
    has_valid_length.then(|| Uuid::try_parse(text).ok()).flatten()
}

fn not_found<E: PublicId>() -> Failure {
    Error::NotFound(E::NOUN).into()
}
