//! Stored hashes of patron and of other systems (argon2 and bcrypt), and the limits of the cost of verifying them.
//!
//! A hash contains its own cost parameters. A hash that exceeds the limits is not verified, because verifying it at a login
//! could overload the server.

use std::str::FromStr;

use argon2::password_hash::phc::{Output, PasswordHash as Phc};
use argon2::{Algorithm, Argon2, Params, Version};

use super::algorithm::HashAlgorithm;
use super::memory::Memory;

/// The lowest cost that bcrypt defines.
const MIN_BCRYPT_COST: u32 = 4;
/// Passes over the maximum memory that a stored hash may need. The defaults of other systems need less memory with as many
/// passes: PHP and Laravel 64 MiB and 4, argon2-cffi and RFC 9106 64 MiB and 3, Django 100 MiB and 2, OWASP 46 MiB and 1.
const MAX_PASSES: u64 = 4;

/// The limits of the cost of verifying a stored hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct CostBounds {
    memory_kib: u32,
    /// Memory times passes.
    work_kib: u64,
    bcrypt_cost: u32,
}

/// Why a stored hash costs too much to verify. The message names the limit and the setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooCostly {
    /// The memory of argon2, in KiB.
    #[error("argon2 with m={found}, at most {max} (PATRON_HASH_TOTAL_MEMORY)")]
    Memory {
        /// The hash's value.
        found: u32,
        /// The limit.
        max: u32,
    },
    /// The memory of argon2 times its passes, in KiB.
    #[error("argon2 with m*t={found}, at most {max} (PATRON_HASH_TOTAL_MEMORY)")]
    Work {
        /// The hash's value.
        found: u64,
        /// The limit.
        max: u64,
    },
    /// The cost of bcrypt, the logarithm of its rounds.
    #[error("bcrypt with cost {found}, at most {max} (PATRON_BCRYPT_MAX_COST)")]
    Bcrypt {
        /// The hash's value.
        found: u32,
        /// The limit.
        max: u32,
    },
}

/// Why a text can't be used as a password hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableHash {
    /// The text is not a hash of a known algorithm.
    #[error("Password hash must be argon2id ($argon2id$v=19$m=…) or bcrypt ($2b$…)")]
    Unknown,
    /// The hash costs too much to verify.
    #[error("Password hash costs too much to verify: {0}")]
    TooCostly(TooCostly),
}

impl CostBounds {
    /// The limits for the current parameters `params` and this much shared memory beyond that of each thread.
    pub(super) fn new(params: &Params, spare_kib: u64, bcrypt_cost: u32) -> Self {
        let memory_kib = u32::try_from(u64::from(params.m_cost()) + spare_kib).unwrap_or(u32::MAX);
        // Hashes with the current parameters are always verified, whatever number of passes the settings require.
        let work_kib = (MAX_PASSES * u64::from(memory_kib)).max(work(params));
        Self { memory_kib, work_kib, bcrypt_cost }
    }

    /// The limits that include new hashes of this algorithm. Those of argon2id are always included.
    pub(super) fn including(self, algorithm: &HashAlgorithm) -> Self {
        match algorithm {
            HashAlgorithm::Argon2id(_) => self,
            HashAlgorithm::Bcrypt(cost) => Self { bcrypt_cost: self.bcrypt_cost.max(*cost), ..self },
        }
    }

    fn check(self, params: &Params) -> Result<(), TooCostly> {
        let (memory, work) = (params.m_cost(), work(params));
        if memory > self.memory_kib {
            Err(TooCostly::Memory { found: memory, max: self.memory_kib })
        } else if work > self.work_kib {
            Err(TooCostly::Work { found: work, max: self.work_kib })
        } else {
            Ok(())
        }
    }
}

fn work(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

/// A stored hash within the limits of cost.
pub(super) enum Stored {
    /// With its cost.
    Bcrypt(String, u32),
    Argon2(Box<Phc>, Params),
}

impl Stored {
    pub(super) fn parse(text: &str, bounds: CostBounds) -> Result<Self, UnusableHash> {
        if is_bcrypt(text) {
            let cost = text.split('$').nth(2).and_then(|cost| cost.parse().ok());
            return match cost {
                Some(cost) if cost > bounds.bcrypt_cost => {
                    Err(UnusableHash::TooCostly(TooCostly::Bcrypt { found: cost, max: bounds.bcrypt_cost }))
                }
                Some(cost @ MIN_BCRYPT_COST..) if bcrypt::HashParts::from_str(text).is_ok() => {
                    Ok(Self::Bcrypt(text.to_owned(), cost))
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

    /// Whether the hash may be imported. Hashes of the weaker variants of argon2 are only verified.
    pub(super) fn is_importable(&self) -> bool {
        match self {
            Self::Bcrypt(..) => true,
            Self::Argon2(hash, _) => hash.algorithm == Algorithm::Argon2id.ident(),
        }
    }

    /// The memory that verifying the hash needs, in KiB.
    pub(super) fn memory_kib(&self) -> u32 {
        match self {
            Self::Bcrypt(..) => 0,
            Self::Argon2(_, params) => params.m_cost(),
        }
    }

    /// Whether verifying the hash takes the same time as a new one of this algorithm.
    pub(super) fn has_cost_of(&self, algorithm: &HashAlgorithm) -> bool {
        let all = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        match (self, algorithm) {
            (Self::Argon2(_, found), HashAlgorithm::Argon2id(params)) => {
                self.is_importable() && all(found) == all(params)
            }
            (Self::Bcrypt(_, found), HashAlgorithm::Bcrypt(cost)) => found == cost,
            _ => false,
        }
    }

    /// Whether the hash need not be replaced: it is argon2id with at least the current cost. With bcrypt none is replaced,
    /// because EverShop would have to verify the new one.
    pub(super) fn is_current(&self, algorithm: &HashAlgorithm) -> bool {
        let HashAlgorithm::Argon2id(params) = algorithm else { return true };
        let is_enough =
            |found: &Params| found.m_cost() >= params.m_cost() && found.t_cost() >= params.t_cost();
        self.is_importable() && matches!(self, Self::Argon2(_, found) if is_enough(found))
    }

    /// Whether the hash is that of this password. `None` if it can't be computed.
    pub(super) fn matches_password(&self, password: &[u8], memory: &mut Memory) -> Option<bool> {
        let (hash, params) = match self {
            Self::Bcrypt(text, _) => return bcrypt::verify(password, text).ok(),
            Self::Argon2(hash, params) => (hash, params),
        };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = hash.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
        let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
        let mut found = vec![0; expected.len()];
        let argon2 = Argon2::new(algorithm, version, params.clone());
        memory.fill(&argon2, password, salt.as_ref(), &mut found).ok()?;
        // `Output` compares in constant time.
        Some(Output::new(&found).ok()? == *expected)
    }
}

fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::{CostBounds, HashAlgorithm, Memory, Params, Stored, TooCostly, UnusableHash};

    const SALT_AND_HASH: &str = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    /// The limits of the default settings.
    fn bounds() -> CostBounds {
        CostBounds::new(&params(), 128 * 1024, 13)
    }

    fn params() -> Params {
        Params::new(19 * 1024, 2, 1, None).unwrap()
    }

    fn parse(hash: &str) -> Result<Stored, UnusableHash> {
        Stored::parse(hash, bounds())
    }

    /// `None` if the hash is not compared with the password.
    fn matches_password(password: &str, hash: &str) -> Option<bool> {
        parse(hash).ok()?.matches_password(password.as_bytes(), &mut Memory::default())
    }

    #[test]
    fn old_hashes_are_verified_but_not_current() {
        let hash = bcrypt::hash_with_result("correct horse", 4).unwrap();
        for hash in [
            hash.format_for_version(bcrypt::Version::TwoA),
            hash.format_for_version(bcrypt::Version::TwoB),
            hash.format_for_version(bcrypt::Version::TwoY),
        ] {
            assert_eq!(matches_password("correct horse", &hash), Some(true), "{hash}");
            assert_eq!(matches_password("Correct horse", &hash), Some(false), "{hash}");
            assert!(!parse(&hash).unwrap().is_current(&HashAlgorithm::Argon2id(params())));
        }
        // A hash of another program (a test vector of jBCrypt).
        let hash = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert_eq!(matches_password("a", hash), Some(true));
        let weak = "$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHRzYWx0$";
        assert_eq!(matches_password("correct horse", weak), None);
    }

    #[test]
    fn only_verifiable_hashes_of_other_systems_are_imported() {
        for (hash, usable) in [
            ("$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(), true),
            ("$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhW".to_owned(), false),
            ("$2b$03$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(), false),
            ("$2a$xx$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy".to_owned(), false),
            ("$2a$10$short".to_owned(), false),
            // RFC 9106 and argon2-cffi, Laravel, Django, and the maximum of the default settings.
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

    #[test]
    fn the_cost_of_verifying_a_stored_hash_is_limited() {
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
        let costly = CostBounds::new(&Params::new(1024 * 1024, 16, 1, None).unwrap(), 0, 13);
        let own = format!("$argon2id$v=19$m=1048576,t=16,p=1{SALT_AND_HASH}");
        assert!(Stored::parse(&own, costly).is_ok(), "hashes with the current parameters are verified");
        let more = format!("$argon2id$v=19$m=1048576,t=17,p=1{SALT_AND_HASH}");
        let refused = Stored::parse(&more, costly).err();
        assert!(matches!(refused, Some(UnusableHash::TooCostly(TooCostly::Work { .. }))));
    }
}
