//! Attacks on the program with its default settings and the embedded database, from 100 connections of one address. The
//! memory of the process and the growth of the database must stay below limits, and a legitimate client must be served.
//!
//! Each attack of the table in `attacks.rs` runs alone first, then all run together. The attackers connect from 127.0.0.2
//! and the legitimate client from 127.0.0.1, so that limits by network address apply to the attackers only.
//!
//! `PATRON_ATTACK_SECONDS` is the total duration, 30 by default. `PATRON_TEST_PROGRAM` is the path of another build to
//! attack: the limits hold for a release build, and a debug build gets more time (`limits.rs`). `PATRON_ATTACK_ONLY` is a
//! part of the names of the attacks to run.

mod attacks;
mod client;
mod errors;
mod hanging_up;
mod keyed_logins;
mod large_responses;
mod limits;
mod malformed;
mod names;
mod patterns;
mod renames;
mod slow;
mod stored_keys;
mod target;
mod unfinished;
mod unread;
mod watch;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::Folder;
use attacks::{ATTACKS, Attack};
use client::Client;
use target::{Attacker, Target};
use watch::Watch;

/// Connections of the attackers.
const CONNECTIONS: usize = 100;
/// Maximum pause between two attacks, so that the load of one does not count for the next.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(5);
/// The server has recovered when a query is as fast as this.
const RECOVERED: Duration = Duration::from_millis(100);

fn seconds() -> u64 {
    std::env::var("PATRON_ATTACK_SECONDS").map_or(30, |text| text.parse().expect("a number of seconds"))
}

/// Runs the attacks for the given time, distributed over all connections.
async fn run(target: &Arc<Target>, attacks: &[Attack], duration: Duration) {
    let mut connections = JoinSet::new();
    for number in 0..CONNECTIONS {
        let attack = attacks[number % attacks.len()];
        let attacker = Attacker { target: Arc::clone(target), number: number / attacks.len() };
        connections.spawn(async move {
            // The shutdown of the task set ends it.
            for round in 0.. {
                if (attack.round)(&attacker, round).await.is_err() {
                    attacker.target.tally.count("broken off");
                    sleep(Duration::from_millis(20)).await;
                }
            }
        });
    }
    let _time_is_up = timeout(duration, connections.join_next()).await;
    connections.shutdown().await;
}

/// Waits until the server has finished the work of the last attack, at most `RECOVERY_TIMEOUT`.
async fn recover(target: &Target) {
    let client = Client::new(&target.url);
    let until_recovered = async {
        while client.query().await.1 > RECOVERED {
            sleep(RECOVERED).await;
        }
    };
    let _in_time = timeout(RECOVERY_TIMEOUT, until_recovered).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_neither_crash_block_nor_fill_the_server() {
    let folder = Folder::alone();
    let (server, target) = target::start(folder.path()).await;
    let only = std::env::var("PATRON_ATTACK_ONLY").unwrap_or_default();
    let attacks: Vec<Attack> = ATTACKS.into_iter().filter(|attack| attack.name.contains(&only)).collect();
    let shares = attacks.iter().map(|attack| attack.weight).sum::<u32>() + 1;
    let share = Duration::from_secs(seconds()) / shares;

    let watch = Watch::start(&target, server.id());
    for (number, attack) in attacks.iter().enumerate() {
        watch.phase(attack.name, folder.path());
        run(&target, &attacks[number..=number], share * attack.weight).await;
        recover(&target).await;
        if watch.end_of_phase(&target, folder.path()) {
            break;
        }
    }
    if !watch.is_over() {
        watch.phase("all together", folder.path());
        run(&target, &attacks, share).await;
        recover(&target).await;
        watch.end_of_phase(&target, folder.path());
    }
    let failures = watch.stop();
    let log = server.kill();
    let tail: Vec<&str> = log.lines().rev().take(5).collect();
    assert!(failures.is_empty(), "{}\n\nthe end of the log:\n{tail:#?}", failures.join("\n"));
}
