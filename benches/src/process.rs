//! Processes that are measured: the built binary and the ceilings, each on a core of its own where
//! there are two.

use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Core of the measured process.
pub const SERVER_CORE: usize = 0;
/// Core of load and upstream.
pub const LOAD_CORE: usize = 1;
/// Longest wait for a process to answer.
const START_MAX: Duration = Duration::from_secs(20);

/// A process that answers on a loopback address. It ends with the value.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Process {
    /// Starts a program on that core and waits until it replies to `probe`. The word `{addr}` in
    /// its arguments stands for a free loopback address.
    ///
    /// # Errors
    /// When it cannot be started or does not reply in time.
    pub fn start(
        program: &Path,
        arguments: &[OsString],
        core: usize,
        probe: &[u8],
    ) -> io::Result<Self> {
        let address = free_address()?;
        let arguments = arguments.iter().map(|argument| {
            if argument == "{addr}" {
                address.to_string().into()
            } else {
                argument.clone()
            }
        });
        let child = pinned(program, core)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut process = Process { child, address };
        process.wait_for_reply(probe)?;
        Ok(process)
    }

    /// CPU time of all its threads so far in nanoseconds.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu_ns(&self) -> io::Result<u64> {
        let mut total = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let on_cpu = text.split_whitespace().next().unwrap_or_default();
            total += on_cpu.parse::<u64>().unwrap_or(0);
        }
        Ok(total)
    }

    /// Its resident memory in octets, now and at most so far.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident(&self) -> io::Result<Resident> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let octets = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
            number.map_or(0, |kib: u64| kib * 1_024)
        };
        Ok(Resident {
            now: octets("VmRSS:"),
            peak: octets("VmHWM:"),
        })
    }

    fn wait_for_reply(&mut self, probe: &[u8]) -> io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(self.address)?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        let start = Instant::now();
        while start.elapsed() < START_MAX {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("it ended: {status}")));
            }
            let mut reply = [0; 1_500];
            // Before it listens, sending and receiving may be refused.
            if socket.send(probe).is_ok() && socket.recv(&mut reply).is_ok() {
                return Ok(());
            }
        }
        Err(io::Error::other("it does not answer"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory in octets.
#[derive(Clone, Copy, Debug)]
pub struct Resident {
    /// At the time of asking.
    pub now: u64,
    /// The most so far.
    pub peak: u64,
}

/// Runs this program again on the core of the load, unless it is there already or there is no
/// other core; gives the exit code of that run.
///
/// # Errors
/// When it cannot be started.
pub fn on_load_core() -> io::Result<Option<i32>> {
    const MARK: &str = "CALLSIGN_BENCH_PINNED";
    if std::env::var_os(MARK).is_some() || !can_pin() {
        return Ok(None);
    }
    let status = pinned(&std::env::current_exe()?, LOAD_CORE)
        .args(std::env::args_os().skip(1))
        .env(MARK, "1")
        .status()?;
    Ok(Some(status.code().unwrap_or(1)))
}

/// Whether processes can be given a core each.
pub fn can_pin() -> bool {
    let cores = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    cores.matches("processor").count() > 1
        && Command::new("taskset")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
}

fn pinned(program: &Path, core: usize) -> Command {
    if !can_pin() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core.to_string()).arg(program);
    command
}

fn free_address() -> io::Result<SocketAddr> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// The `callsign` binary of the same profile, built from the sources as they are.
///
/// # Errors
/// When it does not build.
pub fn callsign() -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().ok_or(io::ErrorKind::NotFound)?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(profile) => profile,
    };
    let target = folder.parent().ok_or(io::ErrorKind::NotFound)?;
    // With the features of this program, so that nothing is compiled twice.
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "agent"])
        .args(["--package", "benches", "--bin", "callsign"])
        .args(["--profile", profile])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .status()?;
    if !status.success() {
        return Err(io::Error::other("callsign does not build"));
    }
    Ok(folder.join("callsign"))
}
