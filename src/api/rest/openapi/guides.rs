//! The guides of the reference: its pages beside the routes. They are the description of the OpenAPI document; each heading
//! of the first level is a page.

/// All guides, in the order of the side bar.
pub(super) const GUIDES: &str = concat!(
    include_str!("guides/overview.md"),
    "\n",
    include_str!("guides/authentication.md"),
    "\n",
    include_str!("guides/errors.md"),
    "\n",
    include_str!("guides/idempotency.md"),
    "\n",
    include_str!("guides/versions.md"),
    "\n",
    include_str!("guides/limits.md"),
    "\n",
    include_str!("guides/webhooks.md"),
);
