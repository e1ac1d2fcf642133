//! Tokens (`src/service/token.rs`).
//!
//! The first byte of an input says which good token is meant, the second what becomes of it; the rest is the new text,
//! edits of the old one, a header, or claims.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use patron::service::auth;
use patron::service::token::{self, Audience, TokenKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::World;
use crate::world::SECRETS;

/// A token of each kind; the place of each is that of its key in [`SECRETS`].
const KINDS: [(Audience, TokenKind); 4] = [
    (Audience::Admin, TokenKind::Access),
    (Audience::Admin, TokenKind::Refresh),
    (Audience::Customer, TokenKind::Access),
    (Audience::Customer, TokenKind::Refresh),
];

/// A text verifies as one kind of token at most; then it was signed with that kind's key, its claims are those of the
/// kind, and it has not expired.
///
/// # Panics
/// When a property does not hold.
pub fn check(world: &World, input: &[u8]) {
    let [which, how, rest @ ..] = input else { return };
    let good = usize::from(which % 4);
    let original = issue(world, good);
    let text = String::from_utf8_lossy(rest);
    // Ours are those that were signed with the kind's own key.
    let (token, ours) = match how % 6 {
        0 => (text.into_owned(), false),
        1 => (edit(&original, rest), false),
        2 => (
            original.split_once('.').map(|(_, rest)| format!("{}.{rest}", encode(&text))).expect("dots"),
            false,
        ),
        3 => (sign(&text, b"a key that is not known to patron at all"), false),
        4 => (sign(&text, SECRETS[(good + 1 + usize::from(which / 4 % 3)) % 4].1.as_bytes()), false),
        _ => (sign(&text, SECRETS[good].1.as_bytes()), true),
    };
    let verifies = KINDS.map(|(audience, kind)| token::verify(world.app(), &token, audience, kind));
    let as_kinds: Vec<usize> = (0..4).filter(|kind| verifies[*kind].is_some()).collect();
    // Anybody may call with any text.
    let caller = world.run(auth::authenticate(world.app(), &token));
    assert!(caller.is_err() || as_kinds == [0] || as_kinds == [2], "who calls, with {token}");
    let access = token::verify_access(world.app(), &token).map(|(audience, _)| audience);
    let [kind] = as_kinds[..] else {
        assert!(as_kinds.is_empty(), "a token of kinds {as_kinds:?}: {token}");
        assert_ne!(token, original, "a good token");
        assert_eq!(access, None, "{token}");
        return;
    };
    // Access is what the first of each audience gives.
    assert_eq!(access, (kind % 2 == 0).then_some(KINDS[kind].0), "{token}");
    let verified = verifies[kind].clone().expect("it verified");
    let claims = claims(&token);
    fits(world, &claims, kind);
    let account = &claims[if kind < 2 { "user" } else { "customer" }];
    assert_eq!(
        account["uuid"].as_str().and_then(|uuid| Uuid::parse_str(uuid).ok()),
        Some(verified.account.uuid)
    );
    assert_eq!(account["id"], verified.account.id);
    assert_eq!(claims.get("gen").cloned().unwrap_or(json!(0)), verified.generation);
    if !ours {
        // Without the key, there are no others than those that were issued.
        let issued =
            (0..4).map(|kind| issue(world, kind)).find(|issued| signed_part(issued) == signed_part(&token));
        assert_eq!(issued.as_deref(), Some(token.as_str()), "a token that nobody issued");
    }
}

/// Its claims say what they have to.
fn fits(world: &World, claims: &Value, kind: usize) {
    let audience = ["admin", "customer"][kind / 2];
    assert_eq!(claims["tokenType"], audience);
    assert!(claims["aud"] == audience || claims["aud"] == json!([audience]), "{}", claims["aud"]);
    assert_eq!(claims["tokenKind"], ["access", "refresh"][kind % 2]);
    assert_eq!(claims["iss"], world.app().config.tokens.issuer.as_str());
    assert!(claims["exp"].as_i64().is_some_and(|expires| expires > world.app().clock.now().timestamp()));
}

/// A good token; the same whenever it is asked for, but for its identifier.
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
        jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::HS256).expect("it is signed");
    format!("{signed}.{signature}")
}

/// Replaces bytes: three bytes of the input are a place (two) and what comes there.
fn edit(token: &str, edits: &[u8]) -> String {
    let mut bytes = token.as_bytes().to_vec();
    for edit in edits.chunks_exact(3) {
        let place = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % bytes.len();
        bytes[place] = edit[2];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn signed_part(token: &str) -> &str {
    token.rsplit_once('.').map_or(token, |(signed, _)| signed)
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64url")).expect("JSON")
}
