//! Tokens (`src/service/token.rs`).
//!
//! The first byte of an input selects a valid token, the second how it is changed. The rest is a new text, edits of the
//! token, a header, or claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use patron::service::auth;
use patron::service::token::{self, TokenKind};
use patron::types::Audience;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::World;
use crate::world::SECRETS;

/// The kinds of tokens, in the order of their keys in [`SECRETS`].
const KINDS: [(Audience, TokenKind); 4] = [
    (Audience::Admin, TokenKind::Access),
    (Audience::Admin, TokenKind::Refresh),
    (Audience::Customer, TokenKind::Access),
    (Audience::Customer, TokenKind::Refresh),
];

/// A text verifies as at most one kind of token. Then it was signed with the key of that kind, its claims match the kind,
/// and it has not expired.
///
/// # Panics
/// If a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let [selector, change, rest @ ..] = input else { return };
    let original_kind = usize::from(selector % 4);
    let original = issue(world, original_kind);
    let text = String::from_utf8_lossy(rest);
    // Whether the token was signed with the key of its kind.
    let (token, has_own_key) = match change % 6 {
        0 => (text.into_owned(), false),
        1 => (edit(&original, rest), false),
        2 => (
            original.split_once('.').map(|(_, rest)| format!("{}.{rest}", encode(&text))).expect("dots"),
            false,
        ),
        3 => (sign(&text, b"a key that is not known to patron at all"), false),
        4 => (
            sign(&text, SECRETS[(original_kind + 1 + usize::from(selector / 4 % 3)) % 4].1.as_bytes()),
            false,
        ),
        _ => (sign(&text, SECRETS[original_kind].1.as_bytes()), true),
    };
    let verifies = KINDS.map(|(audience, kind)| token::verify(world.app(), &token, audience, kind));
    let as_kinds: Vec<usize> = (0..4).filter(|kind| verifies[*kind].is_some()).collect();
    // Only access tokens authenticate a caller.
    let caller = world.run(auth::authenticate(world.app(), &token));
    assert!(caller.is_err() || as_kinds == [0] || as_kinds == [2], "the caller of {token}");
    let access = token::verify_access(world.app(), &token).map(|(audience, _)| audience);
    let [kind] = as_kinds[..] else {
        assert!(as_kinds.is_empty(), "a token of kinds {as_kinds:?}: {token}");
        assert_ne!(token, original, "a valid token was refused");
        assert_eq!(access, None, "{token}");
        return;
    };
    // The first kind of each audience is the access token.
    assert_eq!(access, (kind % 2 == 0).then_some(KINDS[kind].0), "{token}");
    let verified = verifies[kind].clone().expect("the token verified");
    // A claim that patron ignores may have a number that no `Value` holds.
    let Some(claims) = claims(&token) else { return };
    assert_claims_match(world, &claims, kind);
    let account = &claims[if kind < 2 { "user" } else { "customer" }];
    assert_eq!(account["uuid"].as_str().and_then(|uuid| Uuid::parse_str(uuid).ok()), Some(verified.account));
    assert_eq!(claims["gen"].as_i64(), verified.generation);
    if !has_own_key {
        // Without the key, only issued tokens verify.
        let issued =
            (0..4).map(|kind| issue(world, kind)).find(|issued| signed_part(issued) == signed_part(&token));
        assert_eq!(issued.as_deref(), Some(token.as_str()), "a forged token");
    }
}

/// Checks that the claims are those of the kind.
fn assert_claims_match(world: &World, claims: &Value, kind: usize) {
    let audience = ["admin", "customer"][kind / 2];
    assert_eq!(claims["tokenType"], audience);
    assert!(claims["aud"] == audience || claims["aud"] == json!([audience]), "{}", claims["aud"]);
    assert_eq!(claims["tokenKind"], ["access", "refresh"][kind % 2]);
    assert_eq!(claims["iss"], world.app().config.tokens.issuer.as_str());
    assert!(claims["exp"].as_i64().is_some_and(|expires| expires > world.app().clock.now().timestamp()));
}

/// Issues a valid token, which is always the same for a kind.
fn issue(world: &World, kind: usize) -> String {
    let now = world.app().clock.now().timestamp();
    let (audience, account, id) = match kind / 2 {
        0 => ("admin", "user", (world.admin.admin_user_id, world.admin.uuid)),
        _ => ("customer", "customer", (world.first.customer_id, world.first.uuid)),
    };
    let kind_name = ["access", "refresh"][kind % 2];
    let claims = json!({
        account: {"id": id.0, "uuid": id.1.to_string(), "email": "a@example.com", "fullName": "A", "full_name": "A"},
        "tokenType": audience, "tokenKind": kind_name, "iat": now, "exp": now + 900,
        "aud": audience, "iss": world.app().config.tokens.issuer.as_str(), "jti": Uuid::nil().to_string(), "gen": 0,
    });
    sign(&claims.to_string(), SECRETS[kind].1.as_bytes())
}

/// Signs any text as claims.
fn sign(claims: &str, key: &[u8]) -> String {
    let header = encode(&json!(Header::new(Algorithm::HS256)).to_string());
    let signed = format!("{header}.{}", encode(claims));
    let key = EncodingKey::from_secret(key);
    let signature =
        jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).expect("the claims are signed");
    format!("{signed}.{signature}")
}

/// Replaces bytes of a token. Each edit has three bytes: the position (two bytes) and the new byte.
fn edit(token: &str, edits: &[u8]) -> String {
    let mut bytes = token.as_bytes().to_vec();
    for edit in edits.chunks_exact(3) {
        let position = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % bytes.len();
        bytes[position] = edit[2];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn signed_part(token: &str) -> &str {
    token.rsplit_once('.').map_or(token, |(signed, _)| signed)
}

fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).ok()
}
