//! Passwords hashed a second by the library alone, on all cores and with patron's default parameters: what logins are
//! compared with. Started by `benches/run`, with the number of seconds.
#![expect(clippy::disallowed_methods, reason = "patron's stopwatch would bring all of patron along")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(5);
    let (limit, done) = (Duration::from_secs(seconds), AtomicU64::new(0));
    let params = Params::new(19 * 1024, 2, 1, None).expect("the parameters are sound");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while start.elapsed() < limit {
                    argon2.hash_password_with_salt(b"correct horse battery", &[7; 16]).expect("it is hashed");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "it is a rate")]
    let rate = done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    println!("{rate:.2}");
}
