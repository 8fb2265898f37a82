//! A mesh in the libraries: objects through the public parser, the compiler and the ledger, and
//! questions through the resolver, in time that the runner moves.

use super::given::ServerMode;
use super::manifest;
use super::mesh_config::{mesh_config, name};
use super::place::{Asker, Heard, Mode, Place};
use super::settings::{self, Blocks};
use super::world::World;
use crate::client::{Question, Reply};
use crate::script::Script;
use agent::output::{ServedTable, ViewChoice, table_json};
use dns_core::vip::{Ledger, Pool, Pools, VipConfig};
use dns_core::{
    AnswerMode, Client, Completeness, Disposition, Families, ForwardPolicy, HostEntry, Millis,
    Random, Resolver, ResolverConfig, Route, Snapshot, TableUpdate, TableWriter, Transmit,
    Transport, View, Views,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use table_compiler::{
    ClientKind, Compiler, Health, ObjectDoc, Parsed, Scope, Stale, documents, health_document,
};

/// When a scenario begins, in milliseconds since 1970: after what its health document tells.
const BEGINNING_MS: u64 = 1_767_268_800_000;
/// Most moves of a resolver for one question.
const MOVES_MAX: usize = 1_000;
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 40_000);
const UPSTREAM: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 53)), 53);

/// A mesh in the libraries.
pub(super) struct Lab {
    compiler: Compiler,
    pub(super) ledger: Ledger,
    pub(super) now_ms: u64,
    /// What was read last of each file that could be, by cluster.
    last_good: BTreeMap<String, BTreeMap<String, Vec<ObjectDoc>>>,
    /// Files that are as they were, with what they hold.
    parsed: BTreeMap<(String, String), (String, Parsed)>,
    stale: BTreeMap<String, Stale>,
    health: Health,
    script: Script,
    zones: Vec<String>,
    domains: BTreeMap<String, String>,
    families: Families,
}

/// In which order objects are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrangement {
    AsWritten,
    Reversed,
}

impl Lab {
    /// A mesh without clusters.
    pub(super) fn new(world: &World, blocks: &Blocks) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Debug| format!("given.pools: {error:?}");
        let names = Pool::new(blocks.names.iter().copied()).map_err(|error| wrong(&error))?;
        let instances =
            Pool::new(blocks.instances.iter().copied()).map_err(|error| wrong(&error))?;
        let config = VipConfig {
            pools: Pools::new(names, instances).map_err(|error| wrong(&error))?,
            ..VipConfig::default()
        };
        let families = if blocks.has_v6() {
            Families::BOTH
        } else {
            Families::V4
        };
        Ok(Lab {
            compiler: Compiler::new(mesh_config(world)?),
            ledger: Ledger::new(config),
            now_ms: BEGINNING_MS,
            last_good: BTreeMap::new(),
            parsed: BTreeMap::new(),
            stale: BTreeMap::new(),
            health: Health::default(),
            script: super::upstream::script(world, None)?,
            zones: settings::zones(world),
            domains: BTreeMap::new(),
            families,
        })
    }

    /// Starts the compiler again, with what it had written down or without.
    pub(super) fn restart(&mut self, world: &World, keeps_state: bool) -> Result<(), String> {
        let fresh = Compiler::new(mesh_config(world)?);
        let old = std::mem::replace(&mut self.compiler, fresh);
        if keeps_state {
            self.compiler.carry(old.carried().clone());
        } else {
            self.ledger = Ledger::new(self.ledger.config().clone());
            self.last_good.clear();
        }
        Ok(())
    }

    /// Reads what the clusters have now and compiles it.
    pub(super) fn settle(&mut self, world: &mut World) -> Result<(), String> {
        let config = mesh_config(world)?;
        if *self.compiler.config() != config {
            self.compiler.reconfigure(config);
        }
        self.zones = settings::zones(world);
        let clusters = world.given.clusters.iter();
        self.domains = clusters
            .map(|cluster| (cluster.id.clone(), manifest::domain_of(world, &cluster.id)))
            .collect();
        self.script = super::upstream::script(world, None)?;
        self.stale = self.read(world)?;
        hand_over(
            &mut self.compiler,
            &self.last_good,
            &self.stale,
            Arrangement::AsWritten,
        );
        let health = health_document("health.yaml", &settings::health(world));
        if let Some(problem) = health.problems.first() {
            return Err(format!("health document: {}", problem.reason));
        }
        self.health = health.health;
        self.compiler.set_health(self.health.clone());
        self.compiler.compile(&mut self.ledger, self.now_ms);
        Ok(())
    }

    /// What is said of the upstream for the name that is asked next.
    pub(super) fn prepare_upstream(&mut self, world: &World, name: &str) -> Result<(), String> {
        self.script = super::upstream::script(world, Some(name))?;
        Ok(())
    }

    /// Takes the files of the clusters. What does not parse is as it was, and so is a cluster that
    /// is not to be read.
    fn read(&mut self, world: &mut World) -> Result<BTreeMap<String, Stale>, String> {
        let files = manifest::files(world)?;
        let mut stale: BTreeMap<String, Stale> = BTreeMap::new();
        for (cluster, files) in &files {
            if files.is_empty() {
                continue;
            }
            let before = self.last_good.remove(cluster).unwrap_or_default();
            let mut broken = BTreeSet::new();
            let mut read = BTreeMap::new();
            for (name, text) in files {
                let parsed = self.parse(cluster, name, text);
                let mut objects = parsed.objects.clone();
                let old = before.get(name).map_or(&[][..], Vec::as_slice);
                for problem in &parsed.problems {
                    match (problem.scope, &problem.object) {
                        (Scope::Field, _) => {}
                        (Scope::Object, Some(id)) => {
                            broken.insert(id.clone());
                            objects.extend(old.iter().find(|doc| doc.id == *id).cloned());
                        }
                        (Scope::Object | Scope::File, _) => {
                            broken.extend(old.iter().map(|doc| doc.id.clone()));
                            objects = old.to_vec();
                            break;
                        }
                    }
                }
                read.insert(name.clone(), objects);
            }
            self.last_good.insert(cluster.clone(), read);
            let state = if broken.is_empty() {
                Stale::None
            } else {
                Stale::Objects(broken)
            };
            stale.insert(cluster.clone(), state);
        }
        for cluster in self.last_good.keys() {
            stale.entry(cluster.clone()).or_insert(Stale::All);
        }
        Ok(stale)
    }

    fn parse(&mut self, cluster: &str, name: &str, text: &str) -> Parsed {
        let key = (cluster.to_owned(), name.to_owned());
        if let Some((before, parsed)) = self.parsed.get(&key)
            && before == text
        {
            return parsed.clone();
        }
        let parsed = documents(name, text);
        self.parsed.insert(key, (text.to_owned(), parsed.clone()));
        parsed
    }

    /// A compiler that is handed the same objects in another order makes the same tables.
    pub(super) fn check_arrangement(&self, world: &World) -> Result<(), String> {
        let mut other = Compiler::new(mesh_config(world)?);
        hand_over(
            &mut other,
            &self.last_good,
            &self.stale,
            Arrangement::Reversed,
        );
        other.set_health(self.health.clone());
        other.carry(self.compiler.carried().clone());
        other.compile(&mut self.ledger.clone(), self.now_ms);
        for cluster in self.last_good.keys() {
            let kind = ClientKind::of_cluster(cluster);
            let entries = |compiler: &Compiler| -> Vec<Arc<HostEntry>> {
                let table = compiler.table(&kind);
                table
                    .iter()
                    .flat_map(|table| table.entries().cloned())
                    .collect()
            };
            let (ours, others) = (entries(&self.compiler), entries(&other));
            if ours == others {
                continue;
            }
            let differs = ours.iter().zip(&others).find(|(a, b)| a != b);
            return Err(format!(
                "the order of objects changes the table of {cluster}: {} and {} entries, {}",
                ours.len(),
                others.len(),
                differs.map_or(String::new(), |(a, b)| format!("{a:?} is {b:?}"))
            ));
        }
        Ok(())
    }

    fn snapshot(&self, asker: &Asker) -> Result<Snapshot, String> {
        let domain = self
            .domains
            .get(&asker.cluster)
            .map_or("cluster.local", String::as_str);
        let domain = name(domain)?;
        let namespace: Option<Arc<str>> = asker.namespace.as_deref().map(Into::into);
        let search = namespace.as_deref();
        let view = View {
            search: search.map_or(Vec::new(), |ns| View::kubernetes_search(ns, &domain)),
            namespace,
            families: self.families,
            cluster: Some(asker.cluster.as_str().into()),
            answer: if asker.has_proxy {
                AnswerMode::Vip
            } else {
                AnswerMode::Endpoints
            },
            ..View::new(domain)
        };
        let kind = ClientKind::of_cluster(&asker.cluster);
        let table = self.compiler.table(&kind);
        let entries = table.iter().flat_map(|table| table.entries());
        let entries = entries.map(|entry| (**entry).clone()).collect();
        let mut writer = TableWriter::new(1);
        let forward = match asker.mode {
            Mode::Sidecar => ForwardPolicy::new([Route::new(name(".")?, [UPSTREAM])]),
            Mode::Authority => ForwardPolicy::default(),
        };
        Ok(Snapshot {
            table: writer.apply(TableUpdate::Replace(entries), Completeness::Complete),
            views: Views::single(view),
            zones: self
                .zones
                .iter()
                .map(|zone| name(zone))
                .collect::<Result<_, _>>()?,
            forward,
        })
    }
}

impl Place for Lab {
    fn label(&self) -> &'static str {
        "in the libraries"
    }

    fn ask(
        &mut self,
        asker: &Asker,
        question: &Question,
        transport: Transport,
    ) -> Result<Heard, String> {
        let snapshot = Arc::new(self.snapshot(asker)?);
        let random = Box::new(Counter(0x2545_f491));
        let mut resolver = Resolver::new(ResolverConfig::default(), snapshot, random);
        let client = Client {
            address: CLIENT,
            transport,
            token: 7,
        };
        let mut octets = Vec::new();
        let query = question.to_bytes()?;
        let mut now = Millis(1_000);
        let mut upstream_asked = 0;
        match resolver.handle_query(now, client, &query, &mut octets) {
            Disposition::Answered => {}
            Disposition::Dropped => return Err("the query was dropped".to_owned()),
            Disposition::Pending => {
                (octets, upstream_asked) = play(&mut resolver, &self.script, &mut now)?;
            }
        }
        let upstream = self.script.reply(&query, transport);
        Ok(Heard {
            reply: Reply::parse(octets, Duration::ZERO)?,
            upstream_asked,
            upstream: upstream
                .map(|octets| Reply::parse(octets, Duration::ZERO))
                .transpose()?,
        })
    }

    fn table(&mut self, asker: &Asker) -> Result<Value, String> {
        let snapshot = self.snapshot(asker)?;
        let config = ResolverConfig::default();
        let table = ServedTable::of(&snapshot, &config, ViewChoice::Default);
        Ok(table.map_or_else(|| json!([]), |table| table_json(&table)))
    }
}

/// Runs the upstream until the answer comes; time passes only when nothing else can happen.
fn play(
    resolver: &mut Resolver,
    script: &Script,
    now: &mut Millis,
) -> Result<(Vec<u8>, usize), String> {
    let mut asked = 0;
    for _ in 0..MOVES_MAX {
        let mut octets = Vec::new();
        match resolver.poll_transmit(&mut octets) {
            Some(Transmit::Answer(_)) => return Ok((octets, asked)),
            Some(Transmit::Ask {
                exchange,
                transport,
                ..
            }) => {
                asked += 1;
                if let Some(reply) = script.reply(&octets, transport) {
                    resolver.handle_reply(*now, exchange, &reply);
                }
            }
            Some(Transmit::Close(_) | Transmit::Wake(_)) => {}
            None => {
                let due = resolver.poll_timeout().ok_or("no answer came")?;
                *now = (*now).max(due);
                resolver.handle_timeout(*now);
            }
        }
    }
    Err("the resolver does not come to an end".to_owned())
}

fn hand_over(
    compiler: &mut Compiler,
    clusters: &BTreeMap<String, BTreeMap<String, Vec<ObjectDoc>>>,
    stale: &BTreeMap<String, Stale>,
    arrangement: Arrangement,
) {
    let mut clusters: Vec<_> = clusters.iter().collect();
    if arrangement == Arrangement::Reversed {
        clusters.reverse();
    }
    for (cluster, files) in clusters {
        let mut objects: Vec<ObjectDoc> = files.values().flatten().cloned().collect();
        if arrangement == Arrangement::Reversed {
            objects.reverse();
        }
        let stale = stale.get(cluster).cloned().unwrap_or_default();
        compiler.set_cluster(&cluster.as_str().into(), &objects, stale);
    }
}

/// How the processes of a scenario serve.
pub(super) fn mode_of(world: &World) -> Mode {
    match world.given.server_mode {
        Some(ServerMode::CorednsCompatible) => Mode::Authority,
        None => Mode::Sidecar,
    }
}

/// Numbers that differ (xorshift); nobody guesses ids here.
struct Counter(u32);

impl Random for Counter {
    fn next_u32(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}
