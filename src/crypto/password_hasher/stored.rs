//! Stored hashes, of patron and of other systems, and what verifying them may cost.

use std::str::FromStr;

use argon2::password_hash::phc::{Output, PasswordHash as Phc};
use argon2::{Algorithm, Argon2, Params, Version};

use super::threads::Memory;

/// The lowest cost of bcrypt: its definition has none below.
const MIN_BCRYPT_COST: u32 = 4;
/// How many passes over the largest memory are verified. Peers ask for less memory with as many passes: PHP and Laravel
/// for 64 MiB and 4, argon2-cffi and RFC 9106 for 64 MiB and 3, Django for 100 MiB and 2, OWASP for 46 MiB and 1.
const MAX_PASSES: u64 = 4;

/// What verifying a stored hash may cost: one that asks for more was not made for a login, and verifying it would be a
/// way to bring the server down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    memory_kib: u32,
    /// Memory times passes.
    work_kib: u64,
    bcrypt_cost: u32,
}

/// A stored hash that costs too much to verify. Its text names the limit and the setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooCostly {
    /// The memory of argon2, in KiB.
    #[error("argon2 with m={found}, at most {most} (PATRON_HASH_TOTAL_MEMORY)")]
    Memory {
        /// What it asks for.
        found: u32,
        /// The limit.
        most: u32,
    },
    /// The memory of argon2 times its passes, in KiB.
    #[error("argon2 with m*t={found}, at most {most} (PATRON_HASH_TOTAL_MEMORY)")]
    Work {
        /// What it asks for.
        found: u64,
        /// The limit.
        most: u64,
    },
    /// The cost of bcrypt, the logarithm of its rounds.
    #[error("bcrypt with cost {found}, at most {most} (PATRON_BCRYPT_MAX_COST)")]
    Bcrypt {
        /// What it asks for.
        found: u32,
        /// The limit.
        most: u32,
    },
}

/// Why no password can be compared with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHash {
    /// It is no hash that is known here.
    #[error("Password hash must be argon2id ($argon2id$v=19$m=…) or bcrypt ($2b$…)")]
    Unknown,
    /// It is one, but costs too much.
    #[error("Password hash costs too much to verify: {0}")]
    TooCostly(TooCostly),
}

impl Bounds {
    /// Bounds for hashes that are made with `params`, beside which there is so much memory to spare.
    pub(super) fn new(params: &Params, spare_kib: u64, bcrypt_cost: u32) -> Self {
        let memory_kib = u32::try_from(u64::from(params.m_cost()) + spare_kib).unwrap_or(u32::MAX);
        // Those that are made have to be verified as well, however many passes the settings ask for.
        let work_kib = (MAX_PASSES * u64::from(memory_kib)).max(work(params));
        Self { memory_kib, work_kib, bcrypt_cost }
    }

    fn check(self, params: &Params) -> Result<(), TooCostly> {
        let (memory, work) = (params.m_cost(), work(params));
        if memory > self.memory_kib {
            Err(TooCostly::Memory { found: memory, most: self.memory_kib })
        } else if work > self.work_kib {
            Err(TooCostly::Work { found: work, most: self.work_kib })
        } else {
            Ok(())
        }
    }
}

fn work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

/// A stored hash that a password can be compared with, at a price that is paid.
pub(super) enum Stored {
    Bcrypt(String),
    Argon2(Box<Phc>, Params),
}

impl Stored {
    /// Reads a stored hash.
    ///
    /// # Errors
    /// [`UnusableHash`].
    pub(super) fn parse(text: &str, bounds: Bounds) -> Result<Self, UnusableHash> {
        if is_bcrypt(text) {
            let cost = text.split('$').nth(2).and_then(|cost| cost.parse().ok());
            return match cost {
                Some(cost) if cost > bounds.bcrypt_cost => {
                    Err(UnusableHash::TooCostly(TooCostly::Bcrypt { found: cost, most: bounds.bcrypt_cost }))
                }
                Some(MIN_BCRYPT_COST..) if bcrypt::HashParts::from_str(text).is_ok() => {
                    Ok(Self::Bcrypt(text.to_owned()))
                }
                _ => Err(UnusableHash::Unknown),
            };
        }
        let hash = Phc::new(text).map_err(|_| UnusableHash::Unknown)?;
        let params = Params::try_from(&hash).map_err(|_| UnusableHash::Unknown)?;
        let is_argon2 = Algorithm::try_from(hash.algorithm.as_str()).is_ok();
        if !is_argon2 || hash.salt.is_none() || hash.hash.is_none() {
            return Err(UnusableHash::Unknown);
        }
        bounds.check(&params).map_err(UnusableHash::TooCostly)?;
        Ok(Self::Argon2(Box::new(hash), params))
    }

    /// Whether it is of a kind that may be imported: hashes of the weaker kinds of argon2 are only verified.
    pub(super) fn is_importable(&self) -> bool {
        match self {
            Self::Bcrypt(_) => true,
            Self::Argon2(hash, _) => hash.algorithm == Algorithm::Argon2id.ident(),
        }
    }

    /// The memory that verifying it needs, in KiB.
    pub(super) fn memory_kib(&self) -> u32 {
        match self {
            Self::Bcrypt(_) => 0,
            Self::Argon2(_, params) => params.m_cost(),
        }
    }

    /// Whether it takes the same time as those that are made with `params`.
    pub(super) fn is_usual(&self, params: &Params) -> bool {
        let all = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        self.is_importable() && matches!(self, Self::Argon2(_, found) if all(found) == all(params))
    }

    /// Whether it is of today's kind, at today's price or above.
    pub(super) fn is_current(&self, params: &Params) -> bool {
        let is_enough =
            |found: &Params| found.m_cost() >= params.m_cost() && found.t_cost() >= params.t_cost();
        self.is_importable() && matches!(self, Self::Argon2(_, found) if is_enough(found))
    }

    /// Whether it was made of this password, in whatever way of argon2's or bcrypt's. None when that can't be found out.
    pub(super) fn is_made_of(&self, password: &[u8], memory: &mut Memory) -> Option<bool> {
        let (hash, params) = match self {
            Self::Bcrypt(text) => return bcrypt::verify(password, text).ok(),
            Self::Argon2(hash, params) => (hash, params),
        };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = hash.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
        let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
        let mut found = vec![0; expected.len()];
        let argon2 = Argon2::new(algorithm, version, params.clone());
        memory.fill(&argon2, password, salt.as_ref(), &mut found).ok()?;
        // In constant time, as this type compares.
        Some(Output::new(&found).ok()? == *expected)
    }
}

fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::{Bounds, Memory, Params, Stored, TooCostly, UnusableHash};

    const SALT_AND_HASH: &str = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    /// Those of the default settings.
    fn bounds() -> Bounds {
        Bounds::new(&params(), 128 * 1024, 13)
    }

    fn params() -> Params {
        Params::new(19 * 1024, 2, 1, None).unwrap()
    }

    fn parse(hash: &str) -> Result<Stored, UnusableHash> {
        Stored::parse(hash, bounds())
    }

    /// None: it is not even compared.
    fn is_made_of(password: &str, hash: &str) -> Option<bool> {
        parse(hash).ok()?.is_made_of(password.as_bytes(), &mut Memory::default())
    }

    #[test]
    fn old_hashes_are_verified_and_called_outdated() {
        let hash = bcrypt::hash_with_result("correct horse", 4).unwrap();
        for hash in [
            hash.format_for_version(bcrypt::Version::TwoA),
            hash.format_for_version(bcrypt::Version::TwoB),
            hash.format_for_version(bcrypt::Version::TwoY),
        ] {
            assert_eq!(is_made_of("correct horse", &hash), Some(true), "{hash}");
            assert_eq!(is_made_of("Correct horse", &hash), Some(false), "{hash}");
            assert!(!parse(&hash).unwrap().is_current(&params()));
        }
        // A hash that another program made (the test vectors of the bcrypt crate's own upstream, jBCrypt).
        let hash = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert_eq!(is_made_of("a", hash), Some(true));
        let weak = "$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHRzYWx0$";
        assert_eq!(is_made_of("correct horse", weak), None);
    }

    /// Of all that a file may say of a hash, only what could be verified is taken.
    #[test]
    fn hashes_of_other_systems() {
        for (hash, usable) in [
            ("$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(), true),
            ("$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhW".to_owned(), false),
            ("$2b$03$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(), false),
            ("$2a$xx$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(), false),
            ("$2a$10$short".to_owned(), false),
            // RFC 9106 and argon2-cffi, Laravel, Django, and the dearest of the default settings.
            (format!("$argon2id$v=19$m=65536,t=3,p=4{SALT_AND_HASH}"), true),
            (format!("$argon2id$v=19$m=65536,t=4,p=1{SALT_AND_HASH}"), true),
            (format!("$argon2id$v=19$m=102400,t=2,p=8{SALT_AND_HASH}"), true),
            (format!("$argon2id$v=19$m=131072,t=4,p=1{SALT_AND_HASH}"), true),
            (format!("$argon2i$v=19$m=65536,t=3,p=4{SALT_AND_HASH}"), false),
            ("$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA".to_owned(), false),
            (String::new(), false),
            ("5f4dcc3b5aa765d61d8327deb882cf99".to_owned(), false),
        ] {
            assert_eq!(parse(&hash).is_ok_and(|hash| hash.is_importable()), usable, "{hash}");
        }
    }

    /// A stored hash says what it costs to verify: one that asks for too much is not even tried.
    #[test]
    fn the_cost_of_a_stored_hash_is_bounded() {
        for (hash, limit) in [
            (
                "$2b$14$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(),
                "cost 14, at most 13",
            ),
            (
                "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(),
                "cost 31, at most 13",
            ),
            (format!("$argon2id$v=19$m=1048576,t=16,p=1{SALT_AND_HASH}"), "m=1048576, at most 150528"),
            (format!("$argon2id$v=19$m=131072,t=5,p=1{SALT_AND_HASH}"), "m*t=655360, at most 602112"),
            (
                format!("$argon2i$v=19$m=19456,t=4000000,p=1{SALT_AND_HASH}"),
                "m*t=77824000000, at most 602112",
            ),
        ] {
            let message = parse(&hash).err().unwrap().to_string();
            assert!(message.starts_with("Password hash costs too much to verify: "), "{message}");
            assert!(message.contains(limit) && message.contains("(PATRON_"), "{message}");
        }
        let dear = Bounds::new(&Params::new(1024 * 1024, 16, 1, None).unwrap(), 0, 13);
        let own = format!("$argon2id$v=19$m=1048576,t=16,p=1{SALT_AND_HASH}");
        assert!(Stored::parse(&own, dear).is_ok(), "those that are made are verified");
        let more = format!("$argon2id$v=19$m=1048576,t=17,p=1{SALT_AND_HASH}");
        let refused = Stored::parse(&more, dear).err();
        assert!(matches!(refused, Some(UnusableHash::TooCostly(TooCostly::Work { .. }))));
    }
}
