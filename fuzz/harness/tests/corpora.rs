//! Every target on stable: its corpus, and as many mutations of it as half a minute allows. `docs/fuzzing.md` says how
//! to try more.

mod runner;

use fuzz_harness::{TARGETS, World};

use runner::try_target;

macro_rules! targets {
    ($make:path: $($name:ident $mutations:literal)*) => {
        $(#[test] fn $name() { super::try_target(stringify!($name), $make(), $mutations); })*

        #[test]
        fn there_are_such_targets() {
            let tried = [$(stringify!($name)),*];
            assert!(tried.iter().all(|name| super::TARGETS.iter().any(|(target, _)| target == name)));
            // One is in `cost.rs`; two need no database: on SQLite only.
            assert_eq!(tried.len(), super::TARGETS.len() - if tried.contains(&"email") { 1 } else { 3 });
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

/// The same mutations, which another database may take otherwise.
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
