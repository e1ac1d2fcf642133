//! Measures how many passwords per second the library alone hashes, on all cores and with patron's default parameters.
//! `benches/run` starts it with a number of seconds, and compares logins with the result.
#![expect(clippy::disallowed_methods, reason = "patron's timer would require all of patron")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(5);
    let (limit, count) = (Duration::from_secs(seconds), AtomicU64::new(0));
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are valid");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while start.elapsed() < limit {
                    argon2
                        .hash_password_with_salt(b"correct horse battery", &[7; 16])
                        .expect("the password is hashed");
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "a rate is approximate")]
    let rate = count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    println!("{rate:.2}");
}
