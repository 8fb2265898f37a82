//! A mesh before processes: files in a folder, agents of clusters, and commands beside them.

use super::manifest::{self, Files};
use super::place::{Asker, Heard, Mode, Place};
use super::settings::{self, Blocks};
use super::world::World;
use crate::admin::get;
use crate::callsign::Launch;
use crate::client::{Question, REPLY_MAX, Reply, framed, read_frame};
use crate::observed::Observed;
use crate::script::Script;
use crate::upstream::Upstream;
use dns_core::Transport;
use serde_json::Value;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for a change that agents have been told of by its files alone: a second, and more
/// on a busy machine.
pub(super) const SETTLE_MAX: Duration = Duration::from_secs(8);
/// How long a change is waited for that may change no table.
const NOTICE_MAX: Duration = Duration::from_millis(1500);
/// Longest wait for a line before it is looked again.
const LINE_MAX: Duration = Duration::from_millis(30);

/// A mesh before processes.
pub(super) struct Live {
    launch: Launch,
    blocks: Blocks,
    askers: Vec<(Asker, IpAddr)>,
    agents: BTreeMap<(String, Mode), Observed>,
    upstream: Upstream,
    script: Script,
    written: Files,
    configs: BTreeMap<(String, Mode), String>,
    health: String,
    /// Generations of the agents before the last change.
    before: BTreeMap<(String, Mode), String>,
    /// Counts the state folders that a cluster has given up.
    fresh: BTreeMap<String, usize>,
}

impl Live {
    /// Files of a mesh, and no process yet. `askers` are all clients of the scenario.
    pub(super) fn new(
        world: &mut World,
        blocks: &Blocks,
        askers: Vec<Asker>,
    ) -> Result<Self, String> {
        let script = super::upstream::script(world, None)?;
        let addresses = (1..=250).map(|n| IpAddr::V4(Ipv4Addr::new(127, 0, 7, n)));
        let mut live = Live {
            launch: Launch::bare()?,
            blocks: blocks.clone(),
            askers: askers.into_iter().zip(addresses).collect(),
            agents: BTreeMap::new(),
            upstream: Upstream::start(script.clone())?,
            script,
            written: Files::new(),
            configs: BTreeMap::new(),
            health: String::new(),
            before: BTreeMap::new(),
            fresh: BTreeMap::new(),
        };
        std::fs::create_dir_all(live.clusters()).map_err(|error| error.to_string())?;
        live.write(world)?;
        Ok(live)
    }

    /// The folder of all files.
    pub(super) fn folder(&self) -> &Path {
        self.launch.folder()
    }

    /// The folder of the clusters' objects.
    pub(super) fn clusters(&self) -> PathBuf {
        self.launch.folder().join("clusters")
    }

    /// The configuration that agent and commands of a cluster have.
    pub(super) fn config_of(&self, cluster: &str, mode: Mode) -> PathBuf {
        self.launch.folder().join(config_name(cluster, mode))
    }

    /// The state folder of an agent.
    pub(super) fn state_of(&self, cluster: &str, mode: Mode) -> PathBuf {
        let fresh = self.fresh.get(cluster).copied().unwrap_or(0);
        let name = format!("state-{cluster}-{mode:?}-{fresh}");
        self.launch.folder().join(name)
    }

    /// What is in the clusters' folders.
    pub(super) fn written(&self) -> &Files {
        &self.written
    }

    /// Writes what has changed of the mesh.
    pub(super) fn write(&mut self, world: &mut World) -> Result<(), String> {
        self.before = self.generations();
        let files = manifest::files(world)?;
        for (cluster, texts) in &files {
            let before = self.written.get(cluster).cloned().unwrap_or_default();
            let folder = self.clusters().join(cluster);
            std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
            for (name, text) in texts
                .iter()
                .filter(|(name, text)| before.get(*name) != Some(text))
            {
                self.launch
                    .write(&format!("clusters/{cluster}/{name}"), text)?;
            }
            for name in before.keys().filter(|name| !texts.contains_key(*name)) {
                let path = self.clusters().join(cluster).join(name);
                std::fs::remove_file(path).map_err(|error| error.to_string())?;
            }
        }
        for cluster in self.written.keys().filter(|id| !files.contains_key(*id)) {
            let path = self.clusters().join(cluster);
            std::fs::remove_dir_all(path).map_err(|error| error.to_string())?;
        }
        self.written = files;
        let health = settings::health(world);
        if health != self.health {
            self.launch.write("health.yaml", &health)?;
            self.health = health;
        }
        let clusters: Vec<String> = world.given.clusters.iter().map(|c| c.id.clone()).collect();
        for cluster in clusters {
            for mode in [Mode::Sidecar, Mode::Authority] {
                self.write_config(world, &cluster, mode)?;
            }
        }
        Ok(())
    }

    fn write_config(&mut self, world: &World, cluster: &str, mode: Mode) -> Result<(), String> {
        let askers: Vec<_> = self
            .askers
            .iter()
            .filter(|(asker, _)| asker.cluster == cluster && asker.mode == mode)
            .cloned()
            .collect();
        let upstream = self.upstream.address().to_string();
        let mut text = settings::config(world, &self.blocks, cluster, mode, &askers, &upstream);
        text.push_str("health: health.yaml\n");
        let key = (cluster.to_owned(), mode);
        if self.configs.get(&key) != Some(&text) {
            self.launch.write(&config_name(cluster, mode), &text)?;
            self.configs.insert(key, text);
        }
        Ok(())
    }

    /// What is said of the upstream for the name that is asked next.
    pub(super) fn prepare_upstream(&mut self, world: &World, name: &str) -> Result<(), String> {
        self.script = super::upstream::script(world, Some(name))?;
        self.upstream.play(self.script.clone());
        Ok(())
    }

    /// The agent of a cluster, started when it is first needed.
    pub(super) fn agent(&mut self, cluster: &str, mode: Mode) -> Result<&mut Observed, String> {
        let key = (cluster.to_owned(), mode);
        if !self.agents.contains_key(&key) {
            let launch = self.launch.clone();
            let launch = launch
                .flag("--listen", "127.0.0.1:0")
                .flag("--config", self.config_of(cluster, mode))
                .flag("--clusters", self.clusters())
                .flag("--cluster", cluster)
                .flag("--state-dir", self.state_of(cluster, mode));
            self.agents.insert(key.clone(), Observed::start(&launch)?);
        }
        self.agents
            .get_mut(&key)
            .ok_or_else(|| "no agent".to_owned())
    }

    /// Starts the agents of a cluster again when they are needed, with their state or without.
    pub(super) fn restart(&mut self, cluster: &str, keeps_state: bool) {
        let keys: Vec<_> = self
            .agents
            .keys()
            .filter(|(id, _)| id == cluster)
            .cloned()
            .collect();
        for key in keys {
            if let Some(agent) = self.agents.remove(&key) {
                agent.callsign.kill();
            }
        }
        if !keeps_state {
            *self.fresh.entry(cluster.to_owned()).or_default() += 1;
        }
    }

    /// Waits until the agents have noticed a change of files, or could have.
    pub(super) fn notice(&mut self) {
        let end = Instant::now() + NOTICE_MAX;
        while Instant::now() < end {
            let now = self.generations();
            let is_noticed =
                |(key, generation): (&_, &String)| self.before.get(key) != Some(generation);
            if now.iter().all(is_noticed) {
                return;
            }
            self.pause();
        }
    }

    /// Waits for a line of any agent, for a moment.
    pub(super) fn pause(&mut self) {
        match self.agents.values_mut().next() {
            Some(agent) => {
                agent.callsign.wait_for(LINE_MAX, |_| Some(()));
            }
            None => std::thread::park_timeout(LINE_MAX),
        }
    }

    /// How often each agent has published a table.
    fn generations(&self) -> BTreeMap<(String, Mode), String> {
        let page = |agent: &Observed| get(agent.admin(), "/metrics").ok().map(|(_, text)| text);
        self.agents
            .iter()
            .filter_map(|(key, agent)| {
                let text = page(agent)?;
                let lines = text.lines();
                let line = lines.filter(|line| line.starts_with("callsign_table_generation"));
                Some((key.clone(), line.collect()))
            })
            .collect()
    }

    /// Whether what is served to a client is a table from before, because a change is held.
    pub(super) fn is_held(&mut self, asker: &Asker) -> Result<bool, String> {
        let readiness = self.agent(&asker.cluster, asker.mode)?.readiness();
        Ok(readiness.says("held"))
    }

    fn address_of(&self, asker: &Asker) -> Result<Ipv4Addr, String> {
        let known = self.askers.iter().find(|(known, _)| known == asker);
        match known {
            Some((_, IpAddr::V4(address))) => Ok(*address),
            _ => Err(format!("{asker:?} has no address")),
        }
    }
}

fn config_name(cluster: &str, mode: Mode) -> String {
    match mode {
        Mode::Sidecar => format!("{cluster}.yaml"),
        Mode::Authority => format!("{cluster}-authority.yaml"),
    }
}

impl Place for Live {
    fn label(&self) -> &'static str {
        "before processes"
    }

    fn ask(
        &mut self,
        asker: &Asker,
        question: &Question,
        transport: Transport,
    ) -> Result<Heard, String> {
        let source = self.address_of(asker)?;
        let server = self.agent(&asker.cluster, asker.mode)?.callsign.address();
        let before = self.upstream.asked_total();
        let query = question.to_bytes()?;
        let start = Instant::now();
        let octets = match transport {
            Transport::Udp => over_udp(source, server, &query),
            Transport::Tcp => over_tcp(source, server, &query),
        };
        let octets =
            octets.map_err(|error| format!("{} to {server}: {error}", transport.label()))?;
        let upstream = self.script.reply(&query, transport);
        Ok(Heard {
            reply: Reply::parse(octets, start.elapsed())?,
            upstream_asked: self.upstream.asked_total() - before,
            upstream: upstream
                .map(|octets| Reply::parse(octets, Duration::ZERO))
                .transpose()?,
        })
    }

    fn table(&mut self, asker: &Asker) -> Result<Value, String> {
        let source = self.address_of(asker)?;
        let admin = self.agent(&asker.cluster, asker.mode)?.admin();
        let (code, page) = get(admin, &format!("/debug/table?client={source}"))?;
        if code != 200 {
            return Err(format!("/debug/table: {code} {page}"));
        }
        serde_json::from_str(&page).map_err(|error| format!("/debug/table: {error}"))
    }
}

fn over_udp(source: Ipv4Addr, server: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let socket = UdpSocket::bind((source, 0))?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(REPLY_MAX))?;
    socket.send(query)?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    let length = socket.recv(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

fn over_tcp(source: Ipv4Addr, server: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    socket.connect_timeout(&server.into(), REPLY_MAX)?;
    socket.set_read_timeout(Some(REPLY_MAX))?;
    let mut stream = std::net::TcpStream::from(socket);
    stream.write_all(&framed(query)?)?;
    read_frame(&mut stream)
}
