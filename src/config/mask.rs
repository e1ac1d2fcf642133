//! Masks the passwords of URLs, for output that people read.

use url::form_urlencoded;

/// The text in place of a secret.
pub(super) const MASK: &str = "***";

/// A value without the password of its URL, if it is one with a password: in front of the host, or in the query as
/// PostgreSQL's clients write it. Also masks URLs that are not valid, such as those whose password has unescaped characters.
pub(super) fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:{MASK}@{host}"),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    let Some((path, query)) = rest.split_once('?') else { return format!("{scheme}://{rest}") };
    let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={MASK}"),
        _ => parameter.to_owned(),
    });
    format!("{scheme}://{path}?{}", parameters.collect::<Vec<_>>().join("&"))
}

/// Whether the parameter of a query with this name is a password. A name may be percent-encoded.
fn is_secret(name: &str) -> bool {
    form_urlencoded::parse(name.as_bytes()).any(|(name, _)| name.to_ascii_lowercase().contains("pass"))
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn passwords_of_urls_are_masked() {
        for (url, masked) in [
            ("postgres://u:hunter2@db/x", "postgres://u:***@db/x"),
            (
                "postgres://u:hunter@2/?#@db:5432,other:5432/x?sslmode=require",
                "postgres://u:***@db:5432,other:5432/x?sslmode=require",
            ),
            (
                "postgres://db/x?user=u&password=hunter2&sslmode=disable",
                "postgres://db/x?user=u&password=***&sslmode=disable",
            ),
            (
                "postgres://db/x?PGPASS=hunter2&p%61ssword=hunter2",
                "postgres://db/x?PGPASS=***&p%61ssword=***",
            ),
            ("postgres://u@db/x", "postgres://u@db/x"),
            ("sqlite://data/patron.db", "sqlite://data/patron.db"),
            ("Shop <shop@example.com>", "Shop <shop@example.com>"),
        ] {
            assert_eq!(without_password(url), masked);
        }
    }
}
