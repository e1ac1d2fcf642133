//! The callers of the front door: those that the shop knows by a session cookie, without a token of patron.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use super::same_site::{refuse_foreign_page, require_shop_page};
use crate::app::App;
use crate::error::Result;
use crate::http::failure::Failure;
use crate::http::shop_cookie::session_id;
use crate::http::urls::ME;
use crate::service::auth::Authenticated;
use crate::service::front_door;
use crate::types::Audience;

/// Authenticates a request without a token by the session cookie of the shop, if patron is the front door and the shop's own
/// routes are called. An invalid session is that of an anonymous visitor, as at EverShop.
///
/// # Errors
/// [`Error::Forbidden`](crate::error::Error::Forbidden) for a change that a page of another origin may have sent.
pub(super) async fn authenticate_by_cookie(parts: &Parts, app: &App) -> Result<Option<Authenticated>> {
    let Some(door) = &app.config.front_door else { return Ok(None) };
    let Some(audience) = audience_of(parts.uri.path()) else { return Ok(None) };
    let Some(sid) = session_id(&parts.headers, door, audience) else { return Ok(None) };
    require_shop_page(parts, &app.config.server)?;
    front_door::authenticate(app, door, audience, &sid).await
}

/// Whose cookie a path is for: below `/api/customers/me` it is a customer's, and elsewhere below `/api/customers` an admin's. A
/// registration reads no cookie, and neither do the other APIs of patron.
fn audience_of(path: &str) -> Option<Audience> {
    if path.strip_prefix(ME).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return Some(Audience::Customer);
    }
    path.starts_with("/api/customers/").then_some(Audience::Admin)
}

/// A visitor of the storefront that logs in or out: the identifier of its session, if it has one. It does not implement `Debug`,
/// because the identifier is a secret.
pub(crate) struct ShopVisitor(pub Option<String>);

impl<S> FromRequestParts<S> for ShopVisitor
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> std::result::Result<Self, Failure> {
        let app = Arc::<App>::from_ref(state);
        refuse_foreign_page(&parts.headers, &app.config.server)?;
        let door = front_door::settings(&app)?;
        Ok(Self(session_id(&parts.headers, door, Audience::Customer)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Audience, audience_of};

    #[test]
    fn only_the_routes_of_customers_read_cookies() {
        for (path, audience) in [
            ("/api/customers/me", Some(Audience::Customer)),
            ("/api/customers/me/addresses", Some(Audience::Customer)),
            ("/api/customers/mexico", Some(Audience::Admin)),
            ("/api/customers/3f2504e0-4f89-11d3-9a0c-0305e82c3301/metafields", Some(Audience::Admin)),
            ("/api/customers", None),
            ("/api/customer-groups/3f2504e0-4f89-11d3-9a0c-0305e82c3301", None),
            ("/api/user/me/password", None),
            ("/api/graphql", None),
            ("/api/admin/graphql", None),
        ] {
            assert_eq!(audience_of(path), audience, "{path}");
        }
    }
}
