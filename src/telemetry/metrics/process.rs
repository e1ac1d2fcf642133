//! Metrics of the process, with the names and units that Prometheus recommends to all programs ("process metrics" of its
//! guide for client libraries), so that existing dashboards show them. They are read when the metrics are rendered. On
//! systems without `/proc`, the metrics that come from it are omitted.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Reads the metrics of the process.
#[derive(Debug)]
pub(super) struct ProcessCollector {
    /// When the program started, in seconds since 1970.
    pub(super) started: i64,
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        let cpu = ConstCounter::new(cpu_seconds());
        write(encoder, "process_cpu_seconds", "User and system time, in seconds", &cpu)?;
        let started = ConstGauge::new(self.started);
        write(
            encoder,
            "process_start_time_seconds",
            "When the program started, in seconds since 1970",
            &started,
        )?;
        let max_fds = ConstGauge::new(limit(Resource::Nofile));
        write(encoder, "process_max_fds", "The limit of open files", &max_fds)?;
        let max_memory = ConstGauge::new(limit(Resource::As));
        write(
            encoder,
            "process_virtual_memory_max_bytes",
            "The limit of virtual memory, in bytes",
            &max_memory,
        )?;
        if let Some(open) = open_files() {
            write(encoder, "process_open_fds", "Open files, with connections", &ConstGauge::new(open))?;
        }
        // A process may read its own status in any sandbox that has `/proc`.
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        for (name, help, field, unit) in [
            ("process_virtual_memory_bytes", "Virtual memory, in bytes", "VmSize:", 1024),
            ("process_resident_memory_bytes", "Resident memory, in bytes", "VmRSS:", 1024),
            ("process_threads", "Threads of the operating system", "Threads:", 1),
        ] {
            if let Some(value) = status_field(&status, field) {
                write(encoder, name, help, &ConstGauge::new(value.saturating_mul(unit)))?;
            }
        }
        Ok(())
    }
}

fn write(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// The processor time of all threads, in seconds.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default()).as_secs_f64()
}

/// The soft limit of a resource. Without a limit the largest number, as client libraries of Prometheus write it.
fn limit(resource: Resource) -> u64 {
    getrlimit(resource).current.unwrap_or(u64::MAX)
}

/// The number of open files, without the one that lists them.
fn open_files() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1))
}

/// A field of `/proc/self/status`, without its unit.
fn status_field(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::status_field;

    #[test]
    fn fields_of_the_status_are_read() {
        let status = "Name:\tpatron\nVmSize:\t  123456 kB\nVmRSS:\t    7890 kB\nThreads:\t9\n";
        assert_eq!(status_field(status, "VmSize:"), Some(123_456));
        assert_eq!(status_field(status, "VmRSS:"), Some(7890));
        assert_eq!(status_field(status, "Threads:"), Some(9));
        assert_eq!(status_field(status, "VmSwap:"), None);
        assert_eq!(status_field("", "Threads:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_process_is_measured() {
        use prometheus_client::encoding::prometheus_text;
        use prometheus_client::registry::Registry;

        let mut registry = Registry::default();
        registry.register_collector(Box::new(super::ProcessCollector { started: 1_700_000_000 }));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).unwrap();
        let value = |name: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {name} in:\n{text}")).parse().unwrap()
        };
        assert!(text.contains("# TYPE process_cpu_seconds_total counter\n"), "{text}");
        assert!(value("process_cpu_seconds_total") > 0.0);
        assert!(value("process_cpu_seconds_total") < 100_000.0);
        assert!(value("process_start_time_seconds") > 1_699_999_999.0);
        assert!(value("process_max_fds") >= value("process_open_fds"));
        assert!(value("process_open_fds") >= 3.0);
        assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
        assert!(value("process_virtual_memory_max_bytes") >= value("process_virtual_memory_bytes"));
        // A process of less than 1 MB or more than 1 TB would mean a wrong unit.
        assert!((1e6..1e12).contains(&value("process_resident_memory_bytes")), "{text}");
        assert!(value("process_threads") >= 1.0);
    }
}
