//! Addresses of upstream servers that are given by name.
//!
//! ```text
//! Wanted ──▶ a task: look up, wait for the TTL, look up again ──▶ HostAddresses ──▶ control
//! ```
//!
//! Control puts the addresses into the routes it publishes, so a query never waits for a lookup.

mod lookup;
#[cfg(test)]
mod tests;

use crate::config::{NamedServer, upstream_is_ourselves};
use crate::problem::{Place, Problem};
use dns_core::NameBuf;
use lookup::Found;
use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// Shortest time between two lookups of a name. It is also the rest after one that failed.
const TTL_MIN: Duration = Duration::from_secs(5);
/// Longest time between two lookups of a name: a server that moves is followed within the hour.
const TTL_MAX: Duration = Duration::from_secs(3_600);
/// Most lookups at a time; the rest wait.
const LOOKUPS_MAX: usize = 16;

/// What is to be looked up, and with whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Servers given by name.
    pub servers: Vec<NamedServer>,
    /// Whom to ask, in order of preference.
    pub bootstrap: Vec<SocketAddr>,
    /// Addresses we listen on: a server there would be ourselves.
    pub listen: Vec<SocketAddr>,
    /// Where the names are written, for problems.
    pub place: Place,
}

/// Addresses of the names of servers at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostAddresses {
    addresses: HashMap<NameBuf, Vec<IpAddr>>,
    problems: Vec<Problem>,
}

impl HostAddresses {
    /// The addresses of a name; none before its first lookup has succeeded.
    pub fn of(&self, host: &NameBuf) -> &[IpAddr] {
        self.addresses.get(host).map_or(&[], Vec::as_slice)
    }

    /// What is wrong with the names at this time.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// The lookups of a process; they end with it.
#[derive(Debug)]
pub(crate) struct UpstreamNames {
    wanted: watch::Sender<Wanted>,
    found: watch::Receiver<Arc<HostAddresses>>,
}

impl UpstreamNames {
    /// Starts looking up on the runtime that this is called in.
    pub(crate) fn start(wanted: Wanted) -> Self {
        let (wanted, wishes) = watch::channel(wanted);
        let (results, found) = watch::channel(Arc::default());
        tokio::spawn(run(wishes, results, lookup::addresses));
        UpstreamNames { wanted, found }
    }

    /// Changes what is looked up. What is known of a name that stays is kept.
    pub(crate) fn want(&self, wanted: Wanted) {
        self.wanted.send_if_modified(|before| {
            let is_new = *before != wanted;
            *before = wanted;
            is_new
        });
    }

    /// The next addresses that differ from those given before.
    pub(crate) async fn changed(&mut self) -> Arc<HostAddresses> {
        if self.found.changed().await.is_err() {
            // The task is gone with the runtime; there is nothing more to come.
            std::future::pending::<()>().await;
        }
        Arc::clone(&self.found.borrow_and_update())
    }

    /// The first addresses of every name, or as many as there are after `patience`.
    pub(crate) async fn first(&mut self, patience: Duration) -> Arc<HostAddresses> {
        let hosts: Vec<NameBuf> = {
            let wanted = self.wanted.borrow();
            wanted.servers.iter().map(|s| s.host.clone()).collect()
        };
        let is_known = |found: &Arc<HostAddresses>| hosts.iter().all(|h| !found.of(h).is_empty());
        // Too late, or never: what is there is given.
        let _ = timeout(patience, self.found.wait_for(is_known)).await;
        Arc::clone(&self.found.borrow_and_update())
    }
}

/// What is known of a name.
#[derive(Debug)]
struct Host {
    addresses: Vec<IpAddr>,
    /// Why it could not be looked up.
    failure: Option<String>,
    due: Instant,
}

impl Host {
    fn new() -> Self {
        Host {
            addresses: Vec::new(),
            failure: Some("it has not been looked up yet".to_owned()),
            due: Instant::now(),
        }
    }

    /// Takes the end of a lookup. What was known stays when it failed.
    fn take(&mut self, result: Result<Found, String>) {
        let rest = match result {
            Ok(found) => {
                self.addresses = found.addresses;
                self.failure = None;
                found.ttl.clamp(TTL_MIN, TTL_MAX)
            }
            Err(reason) => {
                self.failure = Some(reason);
                TTL_MIN
            }
        };
        self.due = Instant::now() + rest;
    }
}

/// Looks up until nobody wants it any more.
async fn run<F>(
    mut wishes: watch::Receiver<Wanted>,
    results: watch::Sender<Arc<HostAddresses>>,
    lookup: impl Fn(NameBuf, Vec<SocketAddr>) -> F,
) where
    F: Future<Output = Result<Found, String>> + Send + 'static,
{
    let mut hosts: HashMap<NameBuf, Host> = HashMap::new();
    loop {
        let wanted = wishes.borrow_and_update().clone();
        let is_wanted = |host: &NameBuf| wanted.servers.iter().any(|s| s.host == *host);
        hosts.retain(|host, _| is_wanted(host));
        for server in &wanted.servers {
            hosts.entry(server.host.clone()).or_insert_with(Host::new);
        }
        publish(&results, &wanted, &hosts);
        look_up_due(&mut hosts, &wanted, &results, &lookup).await;
        let due = hosts.values().map(|host| host.due).min();
        let rest = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = rest => {}
            changed = wishes.changed() => if changed.is_err() { return },
        }
    }
}

/// Looks up every name whose time has come, and publishes each as it is found.
async fn look_up_due<F>(
    hosts: &mut HashMap<NameBuf, Host>,
    wanted: &Wanted,
    results: &watch::Sender<Arc<HostAddresses>>,
    lookup: &impl Fn(NameBuf, Vec<SocketAddr>) -> F,
) where
    F: Future<Output = Result<Found, String>> + Send + 'static,
{
    let now = Instant::now();
    let slots = Arc::new(Semaphore::new(LOOKUPS_MAX));
    let mut lookups = JoinSet::new();
    for (name, _) in hosts.iter().filter(|(_, host)| host.due <= now) {
        let (name, slots) = (name.clone(), Arc::clone(&slots));
        let lookup = lookup(name.clone(), wanted.bootstrap.clone());
        lookups.spawn(async move {
            let _slot = slots.acquire().await;
            (name, lookup.await)
        });
    }
    while let Some(ended) = lookups.join_next().await {
        // A lookup that panicked has been told of, and its name is still due.
        let Ok((name, result)) = ended else { continue };
        if let Some(host) = hosts.get_mut(&name) {
            log(&name, host, &result);
            host.take(result);
            publish(results, wanted, hosts);
        }
    }
}

fn log(name: &NameBuf, before: &Host, result: &Result<Found, String>) {
    match result {
        Ok(found) if found.addresses != before.addresses => {
            let addresses = found.addresses.len();
            tracing::info!(server = %name, addresses, "upstream server looked up");
        }
        Err(reason) if before.failure.as_ref() != Some(reason) => {
            tracing::warn!(server = %name, reason, "upstream server cannot be looked up");
        }
        Ok(_) | Err(_) => {}
    }
}

fn publish(
    results: &watch::Sender<Arc<HostAddresses>>,
    wanted: &Wanted,
    hosts: &HashMap<NameBuf, Host>,
) {
    let now = Arc::new(result(wanted, hosts));
    results.send_if_modified(|before| {
        let is_new = *before != now;
        *before = now;
        is_new
    });
}

/// The addresses, those that are ourselves left out, and what is wrong.
fn result(wanted: &Wanted, hosts: &HashMap<NameBuf, Host>) -> HostAddresses {
    let mut result = HostAddresses::default();
    for server in &wanted.servers {
        let Some(host) = hosts.get(&server.host) else {
            continue;
        };
        let is_ourselves =
            |ip: &IpAddr| upstream_is_ourselves(&wanted.listen, server.at(*ip).address);
        let (ours, others): (Vec<IpAddr>, Vec<IpAddr>) =
            host.addresses.iter().partition(|ip| is_ourselves(ip));
        let reason = match (&host.failure, ours.first()) {
            (Some(failure), _) if host.addresses.is_empty() => {
                Some(format!("{} has no address yet: {failure}", server.host))
            }
            (Some(failure), _) => Some(format!(
                "{} keeps its last addresses: {failure}",
                server.host
            )),
            (None, Some(own)) => Some(format!(
                "{} is at {own}, which is this process itself: that address is not asked",
                server.host
            )),
            (None, None) => None,
        };
        result.problems.extend(reason.map(|reason| {
            let problem = Problem::warning(wanted.place.clone(), "upstreams", reason);
            problem
                .with_hint("check the name, and the servers of `bootstrap` that are asked for it")
        }));
        result.addresses.insert(server.host.clone(), others);
    }
    result.problems.dedup();
    result
}
