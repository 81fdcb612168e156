//! What the kernel knows of this process, by the names that Prometheus' own clients use.
//!
//! The `metrics` crates' collector would bring in procfs for numbers that stand in three files.

use std::fs;

use prometheus::proto::MetricType;

use super::page::Page;

/// Leaves out what cannot be read.
pub(super) fn show(page: &mut Page) {
    let gauge = MetricType::GAUGE;
    if let Some(Stat { cpu_seconds, threads, virtual_bytes, resident_bytes }) = read().as_deref().and_then(Stat::parse)
    {
        page.process("cpu_seconds_total", "Time on all cores.", MetricType::COUNTER, cpu_seconds);
        page.process("threads", "Threads.", gauge, threads);
        page.process("virtual_memory_bytes", "Address space.", gauge, virtual_bytes);
        page.process("resident_memory_bytes", "Memory in use.", gauge, resident_bytes);
    }
    // The listing itself has one open.
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        page.process("open_fds", "Open files and connections.", gauge, (open.count() as f64 - 1.0).max(0.0));
    }
    if let Some(most) = rustix::process::getrlimit(rustix::process::Resource::Nofile).current {
        page.process("max_fds", "How many may be open.", gauge, most as f64);
    }
}

fn read() -> Option<String> {
    fs::read_to_string("/proc/self/stat").ok()
}

#[derive(Debug, PartialEq)]
struct Stat {
    cpu_seconds: f64,
    threads: f64,
    virtual_bytes: f64,
    resident_bytes: f64,
}

impl Stat {
    /// `man 5 proc`: fields 14 and 15 are ticks, 20 threads, 23 bytes, 24 pages. The second is a name that may have
    /// blanks and brackets.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / ticks,
            threads: field(20)?,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * rustix::param::page_size() as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let text = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 100 50 0 0 20 0 12 0 999 4096 3 18446744073709551615";
        let stat = Stat::parse(text).unwrap();
        assert_eq!(stat.cpu_seconds, 150.0 / rustix::param::clock_ticks_per_second() as f64);
        assert_eq!((stat.threads, stat.virtual_bytes), (12.0, 4_096.0));
        assert_eq!(stat.resident_bytes, 3.0 * rustix::param::page_size() as f64);
        assert_eq!(Stat::parse("7 (a) S 1"), None);
    }

    #[test]
    fn this_process_has_memory_threads_and_files() {
        let mut page = Page::default();
        show(&mut page);
        let text = page.into_text().unwrap();
        for name in ["cpu_seconds_total", "threads", "resident_memory_bytes", "open_fds", "max_fds"] {
            assert!(text.contains(&format!("# TYPE process_{name} ")), "{name}\n{text}");
        }
        assert!(!text.contains("process_resident_memory_bytes 0\n"), "{text}");
    }
}
