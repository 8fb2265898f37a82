//! The built `callsign` binary as a child process.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest wait for the line that says where the process listens. A debug build on a busy machine
/// is up in well under a second.
const START_MAX: Duration = Duration::from_secs(20);

/// Longest wait for a process that was told to stop.
const STOP_MAX: Duration = Duration::from_secs(20);

/// Path of the built binary. `CALLSIGN_BIN` names one; otherwise it is built beside the running
/// test, once a process, so that it is never older than the sources.
///
/// # Errors
/// The build's own words.
pub fn binary() -> Result<&'static Path, String> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BINARY
        .get_or_init(built_binary)
        .as_deref()
        .map_err(Clone::clone)
}

fn built_binary() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("CALLSIGN_BIN") {
        return Ok(path.into());
    }
    let test = std::env::current_exe().map_err(|error| error.to_string())?;
    let profile_folder = test
        .ancestors()
        .nth(2)
        .ok_or("the test is not below a target folder")?;
    let path = profile_folder.join("callsign");
    if let Some(cargo) = std::env::var_os("CARGO") {
        build(&cargo, profile_folder)?;
    }
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!("{} is not built", path.display()))
    }
}

fn build(cargo: &OsString, profile_folder: &Path) -> Result<(), String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let target = profile_folder.parent().ok_or("no target folder")?;
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(profile) => profile,
    };
    let output = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--workspace",
            "--bin",
            "callsign",
            "--profile",
            profile,
        ])
        .arg("--manifest-path")
        .arg(workspace)
        .arg("--target-dir")
        .arg(target)
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "callsign does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// What to start, and a folder of its own for its files. Clones share the folder, so that a second
/// start finds the state of the first.
#[derive(Clone, Debug)]
pub struct Launch {
    arguments: Vec<OsString>,
    folder: Arc<TempDir>,
}

impl Launch {
    /// `callsign agent` on a free loopback port with its state in a fresh folder.
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn agent() -> Result<Self, String> {
        let launch = Self::bare()?;
        let state = launch.folder().join("state");
        Ok(launch
            .flag("--listen", "127.0.0.1:0")
            .flag("--state-dir", state))
    }

    /// `callsign agent` and nothing more: flags or a file must say where it listens and where its
    /// state is.
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn bare() -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        Ok(Launch {
            arguments: vec!["agent".into()],
            folder: Arc::new(folder),
        })
    }

    /// With another flag and its value.
    #[must_use]
    pub fn flag(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.arguments.push(name.into());
        self.arguments.push(value.into());
        self
    }

    /// With another flag that has no value.
    #[must_use]
    pub fn switch(mut self, name: &str) -> Self {
        self.arguments.push(name.into());
        self
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file in the folder, replacing it in one step as careful writers do.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.folder.path().join(name);
        let beside = self
            .folder
            .path()
            .join(format!(".{}.new", name.replace('/', ".")));
        let parent = path.parent().unwrap_or(self.folder.path());
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&beside, text))
            .and_then(|()| std::fs::rename(&beside, &path))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Starts it and waits until it says where it listens.
    ///
    /// # Errors
    /// When it ends first or says nothing in time, with all it has said.
    pub fn start(&self) -> Result<Callsign, String> {
        let mut child = Command::new(binary()?)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start callsign: {error}"))?;
        let (lines, readers) = read_all(&mut child);
        let mut callsign = Callsign {
            child,
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            lines: Mutex::new(lines),
            said: Arc::default(),
            readers,
            _folder: Arc::clone(&self.folder),
        };
        match callsign.wait_for(START_MAX, listening_address) {
            Some(address) => {
                callsign.address = address;
                Ok(callsign)
            }
            None => Err(format!("callsign did not start:\n{}", callsign.said())),
        }
    }
}

fn read_all(child: &mut Child) -> (Receiver<String>, Vec<JoinHandle<()>>) {
    let (sender, lines) = mpsc::channel();
    let mut readers = Vec::new();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child
            .stdout
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        child
            .stderr
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
    ];
    for pipe in pipes.into_iter().flatten() {
        let sender = sender.clone();
        readers.push(thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        }));
    }
    (lines, readers)
}

/// The first UDP and TCP address of a `listening on ADDR (udp, tcp)` line.
fn listening_address(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("listening on ")?.1;
    rest.split([' ', ',']).next()?.parse().ok()
}

/// The address in a line such as `admin at http://127.0.0.1:15054: /livez`.
fn admin_address(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("admin at http://")?.1;
    rest.split(' ')
        .next()?
        .trim_end_matches([':', '/'])
        .parse()
        .ok()
}

/// A running process; dropping it kills and reaps it.
#[derive(Debug)]
pub struct Callsign {
    child: Child,
    address: SocketAddr,
    /// In a lock so that threads may share the process; nobody waits for it.
    lines: Mutex<Receiver<String>>,
    said: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    _folder: Arc<TempDir>,
}

impl Callsign {
    /// Where it answers over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its admin server is, read from the start lines; ask once, and only a process that was
    /// started with `--admin`.
    pub fn admin_address(&mut self) -> Option<SocketAddr> {
        self.wait_for(START_MAX, admin_address)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All lines of both outputs so far.
    pub fn said(&mut self) -> String {
        while let Ok(line) = self.lines().try_recv() {
            self.remember(line);
        }
        self.said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("\n")
    }

    /// Reads lines until `pick` takes one; `None` when the time is up or the process has ended.
    /// Lines read earlier are not offered again.
    pub fn wait_for<T>(
        &mut self,
        time: Duration,
        mut pick: impl FnMut(&str) -> Option<T>,
    ) -> Option<T> {
        let end = Instant::now() + time;
        loop {
            match self
                .lines()
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    let picked = pick(&line);
                    self.remember(line);
                    if picked.is_some() {
                        return picked;
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Sends a signal by name (`TERM`, `HUP`).
    ///
    /// # Errors
    /// When `kill` refuses.
    pub fn signal(&self, name: &str) -> Result<(), String> {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.id().to_string())
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("kill: {status}")),
            Err(error) => Err(format!("kill: {error}")),
        }
    }

    /// Waits until the process ends by itself or by a signal sent before.
    ///
    /// # Errors
    /// When it has not ended in 20 seconds.
    pub fn wait(mut self) -> Result<ExitStatus, String> {
        // Both pipes close with the process; that is the event to wait for.
        let end = Instant::now() + STOP_MAX;
        while self
            .wait_for(
                end.saturating_duration_since(Instant::now()),
                |_| None::<()>,
            )
            .is_some()
        {}
        if Instant::now() >= end {
            return Err(format!("callsign did not end:\n{}", self.said()));
        }
        self.child.wait().map_err(|error| error.to_string())
    }

    /// Ends it by SIGKILL, as a crash would.
    pub fn kill(mut self) {
        self.end();
    }

    fn lines(&mut self) -> &mut Receiver<String> {
        self.lines.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, line: String) {
        self.said
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }

    fn end(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

impl Drop for Callsign {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_start_line() {
        let expected = Some("127.0.0.1:15053".parse().unwrap());
        assert_eq!(
            listening_address("listening on 127.0.0.1:15053 (udp, tcp)"),
            expected
        );
        assert_eq!(
            listening_address("listening on 127.0.0.1:15053, [::1]:15053"),
            expected
        );
        assert_eq!(listening_address("serving 8 names"), None);
        let admin = admin_address("admin at http://127.0.0.1:15054: /livez /readyz");
        assert_eq!(admin, Some("127.0.0.1:15054".parse().unwrap()));
    }
}
