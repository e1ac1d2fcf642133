//! Runs every target on stable Rust: on its corpus, and on as many mutations as half a minute allows. `docs/fuzzing.md`
//! explains how to run more.

mod runner;

use fuzz_harness::{TARGETS, World};

use runner::run_target;

macro_rules! targets {
    ($world:path: $($name:ident $mutations:literal)*) => {
        $(#[test] fn $name() { super::run_target(stringify!($name), $world(), $mutations); })*

        #[test]
        fn every_target_is_run() {
            let names = [$(stringify!($name)),*];
            assert!(names.iter().all(|name| super::TARGETS.iter().any(|(target, _)| target == name)));
            // `cost` runs in cost.rs, and two targets without a database run only once, with SQLite.
            assert_eq!(names.len(), super::TARGETS.len() - if names.contains(&"email") { 1 } else { 3 });
        }
    };
}

mod sqlite {
    targets! { super::World::new:
        address 1000
        cursor 3000
        customer 1000
        definition 150
        email 30_000
        export 100
        filter 1000
        group 500
        import 300
        token 8000
        values 500
    }
}

/// The same mutations; PostgreSQL may treat them differently.
mod postgres {
    targets! { super::World::on_postgres:
        address 500
        cursor 1000
        customer 500
        definition 50
        export 50
        filter 300
        group 300
        import 100
        values 100
    }
}
