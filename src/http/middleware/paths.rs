//! Paths that the middleware treats in their own way.

/// The paths of the GraphQL API, where failures are GraphQL responses.
pub(super) const GRAPHQL: [&str; 2] = ["/api/graphql", "/api/admin/graphql"];

/// Whether a request comes from monitoring, every few seconds. It is not traced, and needs no permit.
pub(super) fn is_probe(path: &str) -> bool {
    path == "/metrics" || path.starts_with("/health/")
}
