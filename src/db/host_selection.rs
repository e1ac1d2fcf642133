//! Which of several hosts of `DATABASE_URL` the pool connects to.
//!
//! The hosts are tried in their order, beginning with the last one that was good. With `target_session_attrs=read-write`, a
//! server that refuses writes is not good. The choice is remembered until a connection fails.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sea_orm::sqlx::PgPool;
use sea_orm::sqlx::postgres::PgConnectOptions;

use super::postgres_server::{PostgresServer, connect};
use crate::config::DatabaseConfig;

/// The pause after no host was good.
const PAUSE: Duration = Duration::from_millis(100);

/// The hosts, and the one that is used.
pub(super) struct HostSelection {
    hosts: Vec<PgConnectOptions>,
    requires_read_write: bool,
    current: AtomicUsize,
    /// One search at a time.
    search: tokio::sync::Mutex<()>,
}

/// Omits how to connect, which includes the password.
impl std::fmt::Debug for HostSelection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostSelection").field("hosts", &self.hosts.len()).finish_non_exhaustive()
    }
}

impl HostSelection {
    /// `None` if there is nothing to choose. `options` are those of the first host.
    pub(super) fn of(config: &DatabaseConfig, options: &PgConnectOptions) -> Option<Self> {
        if config.hosts.is_empty() && !config.requires_read_write {
            return None;
        }
        let mut hosts: Vec<PgConnectOptions> =
            config.hosts.iter().map(|host| options.clone().host(&host.name).port(host.port)).collect();
        if hosts.is_empty() {
            hosts.push(options.clone());
        }
        Some(Self {
            hosts,
            requires_read_write: config.requires_read_write,
            current: AtomicUsize::new(0),
            search: tokio::sync::Mutex::default(),
        })
    }

    /// Waits until a host is good, and lets the pool connect to it. The caller limits the time.
    pub(super) async fn select(&self, pool: &PgPool, server: &PostgresServer) {
        while !server.has_good_host.load(Ordering::Acquire) {
            let _searching = self.search.lock().await;
            if server.has_good_host.load(Ordering::Acquire) || self.search_once(pool, server).await {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn search_once(&self, pool: &PgPool, server: &PostgresServer) -> bool {
        let (count, current) = (self.hosts.len(), self.current.load(Ordering::Relaxed));
        let limit = server.wait / u32::try_from(2 * count).unwrap_or(u32::MAX);
        for index in (0..count).map(|offset| (current + offset) % count) {
            let Some(options) = self.hosts.get(index) else { continue };
            let state = match tokio::time::timeout(limit, connect(options)).await {
                Ok(Ok(state)) => state,
                Ok(Err(error)) => {
                    tracing::debug!(%error, host = options.get_host(), "a database host can't be used");
                    continue;
                }
                Err(_) => continue,
            };
            if state.is_read_only && self.requires_read_write {
                continue;
            }
            pool.set_connect_options(options.clone());
            server.set_options(options.clone());
            self.current.store(index, Ordering::Relaxed);
            server.has_good_host.store(true, Ordering::Release);
            if index != current {
                tracing::info!(
                    host = options.get_host(),
                    port = options.get_port(),
                    "the database has moved to another host"
                );
            }
            return true;
        }
        false
    }
}
