//! The caller of a request, as resolvers get it.

use async_graphql::{Context, Request, Result};
use uuid::Uuid;

use super::error::ResolverError;
use crate::app::ctx::{AdminCtx, Ctx};
use crate::http::urls;

/// Gives a request its caller: as an admin, or as anyone else.
pub(super) fn with_caller(request: Request, ctx: Ctx) -> Request {
    match ctx.into_admin() {
        Ok(admin) => request.data(admin),
        Err(ctx) => request.data(ctx),
    }
}

/// Any caller.
pub(super) fn caller<'a>(ctx: &Context<'a>) -> Result<&'a Ctx> {
    match ctx.data_opt::<AdminCtx>() {
        Some(admin) => Ok(admin),
        None => ctx.data(),
    }
}

/// The caller, with the right to do what admins may.
///
/// # Errors
/// Why anyone else may not.
pub(super) fn admin<'a>(ctx: &Context<'a>) -> Result<&'a AdminCtx> {
    match ctx.data_opt() {
        Some(admin) => Ok(admin),
        None => Err(ResolverError(ctx.data::<Ctx>()?.refuse_admin()).into()),
    }
}

/// The URL at which the caller reaches a customer: an admin by its uuid, the customer itself as `me`.
pub(super) fn customer_url(ctx: &Context<'_>, customer: Uuid) -> Result<String> {
    Ok(match caller(ctx)?.is_admin() {
        true => urls::customer(customer),
        false => urls::ME.to_owned(),
    })
}
