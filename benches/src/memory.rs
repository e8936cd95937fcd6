use std::fs;

/// How much memory this process has held at most, as the kernel counts it; nothing where it does not.
#[derive(Debug, Clone, Copy)]
pub struct PeakMemory;

impl PeakMemory {
    /// Forgets the peak so far.
    pub fn reset() {
        // Only Linux has it, and a sandbox may refuse it: the peak then is that of the process.
        let _ = fs::write("/proc/self/clear_refs", "5");
    }

    /// The peak since the last reset, in megabytes.
    pub fn megabytes() -> Option<f64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
        let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes * 1024.0 / 1e6)
    }
}
