//! [`KEYS`]: every key of the configuration file, once. The reader refuses what is not here, the
//! nearest-key hint is found here, and the documentation is written from it.

/// What a key of a file is, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyDoc {
    /// Path from the root; `[]` stands for the items of a list.
    pub path: &'static str,
    /// What is written there.
    pub kind: &'static str,
    /// What counts when it is not written.
    pub default: &'static str,
    /// What it does.
    pub text: &'static str,
}

const fn key(
    path: &'static str,
    kind: &'static str,
    default: &'static str,
    text: &'static str,
) -> KeyDoc {
    KeyDoc {
        path,
        kind,
        default,
        text,
    }
}

/// Keys with a second spelling: the one of the repeatable flag, and the plural of it.
const SPELLINGS: &[(&str, &str)] = &[
    ("table", "tables"),
    ("upstream", "upstreams"),
    ("zone", "zones"),
];

/// Every key of the configuration file, in the order of the documentation.
#[rustfmt::skip]
pub const KEYS: &[KeyDoc] = &[
    key("listen", "list of ADDR:PORT", "127.0.0.1:15053", "Addresses served over UDP and TCP. `[::]` takes IPv6 only; list 0.0.0.0 beside it."),
    key("tables", "list of paths", "none", "A NameTable as istiod prints it, or a file or folder of Kubernetes and Istio objects of one cluster. Also `table`."),
    key("clusters", "path", "none", "Folder with one folder of objects per cluster, named by its id; needs `cluster`. Each is a source of its own: a new one is taken up, one that is gone or empty is held until `callsign confirm`. At most 1000."),
    key("cluster", "cluster id", "none", "Id of the cluster that clients run in and that the objects of `tables` are of. With `clusters` the process is not ready while it has no folder."),
    key("hosts", "list of paths", "none", "Files in the format of hosts(5)."),
    key("upstreams", "list of servers, or none", "the servers of `resolv_conf`", "Servers for names that are not ours: ADDR, ADDR:PORT or a host name, with udp://, tcp:// or tls:// before it (ports 53, 53 and 853); over TLS to an address the name of its certificate follows: `tls://9.9.9.9#dns.quad9.net`. UDP turns to TCP where an answer is too long. `none` refuses those names. Also `upstream`."),
    key("resolv_conf", "path", "/etc/resolv.conf", "File whose nameserver lines are the upstreams when `upstreams` is not given, and the `bootstrap` when that is not. It is watched."),
    key("bootstrap", "list of ADDR or ADDR:PORT", "the servers of `resolv_conf`", "Servers that the host names of upstreams are looked up with: as absolute names, again when their TTL ends (after 5 s to 1 h); what was found last stays while lookups fail."),
    key("upstream_ca", "path", "none", "PEM file of certificate authorities that may vouch for upstreams over TLS, besides the system's. Read at the start."),
    key("forward", "map", "", "How names are forwarded."),
    key("forward.strategy", "sequential, random, round-robin, fastest, race or parallel", "sequential", "In the order written; in an order of chance; in turn; the fastest first; the fastest first and a second one when it takes longer than 95 of 100 answers did; or all at once. The first good answer wins, and a server that is down goes last. Who is down, and how fast each is, every worker learns for itself."),
    key("forward.failover", "list of servfail, refused, notimp, formerr, nxdomain", "[servfail, refused, notimp, formerr]", "Response codes after which the next server is asked, as for silence. An empty list is silence alone."),
    key("forward.in_flight_max", "number", "`limits.forward_pending_max`", "Most questions waiting at a time for `upstreams`, per worker; later ones get SERVFAIL. From 1 to 1048576."),
    key("forward.budget", "duration", "2s", "From a forwarded question to SERVFAIL. From 100ms to 1m."),
    key("forward.retry", "duration", "400ms", "How long at most until a silent server is joined by the next one; one that is known to answer faster is given less, 200ms at least. From 10ms to the budget."),
    key("forward.attempts_max", "number", "8", "Most messages sent upstream for one question. From 1 to 8."),
    key("forward.probe_interval", "duration", "1s", "Between the probes of a server that is down, per worker: each probes for itself. From 100ms to 1m."),
    key("forward.random_case", "true or false", "true", "Whether letters of names sent over UDP are in random case, which a forger would have to guess (0x20). A server that does not repeat them is asked over TCP."),
    key("forward.cookies", "true or false", "true", "Whether servers are sent a cookie (RFC 7873)."),
    key("forward.routes", "list of maps", "none", "Servers for the names below a suffix; the longest suffix wins."),
    key("forward.routes[].suffix", "DNS name", "required", "The suffix."),
    key("forward.routes[].except", "list of DNS names", "none", "Names below the suffix that are left to shorter ones."),
    key("forward.routes[].upstreams", "list of servers, or none", "required", "Its servers, written as in `upstreams`; `none` refuses its names. Also `upstream`."),
    key("forward.routes[].strategy", "as `forward.strategy`", "`forward.strategy`", "How its servers are tried."),
    key("forward.routes[].failover", "as `forward.failover`", "`forward.failover`", "Response codes after which the next of its servers is asked."),
    key("forward.routes[].in_flight_max", "number", "`limits.forward_pending_max`", "Most questions waiting at a time for its servers, per worker. From 1 to 1048576."),
    key("forward.routes[].cache", "map", "", "What of its answers is kept."),
    key("forward.routes[].cache.on", "true or false", "true", "Whether anything is."),
    key("forward.routes[].cache.ttl_max", "seconds or duration", "`cache.ttl_max`", "Longest TTL of a positive answer. From 0 to a day."),
    key("forward.routes[].cache.negative_ttl_max", "seconds or duration", "`cache.negative_ttl_max`; 5 for names of the cluster domain", "Longest TTL of a negative answer. From 0 to 3h. Names of `domain` that have no route are forwarded as if they had one with the servers of the next shorter suffix and 5 s here: a Service that comes up is found soon."),
    key("forward.routes[].next", "map", "none", "Whom to ask when its servers say that there is nothing. What those say is the answer."),
    key("forward.routes[].next.on", "list of nxdomain, nodata", "required", "No such name; or a name without records of the type."),
    key("forward.routes[].next.upstreams", "list of servers, or none", "required", "Servers, written as in `upstreams`. Also `upstream`."),
    key("forward.routes[].next.strategy", "as `forward.strategy`", "that of the route", "How they are tried."),
    key("forward.routes[].next.failover", "as `forward.failover`", "that of the route", "Response codes after which the next of them is asked."),
    key("namespace", "Kubernetes namespace", "none", "Namespace of the clients. Without one there are no short names and no search domains."),
    key("domain", "DNS name", "cluster.local", "Cluster domain."),
    key("search", "list of DNS names", "derived from `namespace` and `domain`", "Search domains of the clients; an empty list is none. Needs `namespace`."),
    key("zones", "list of DNS names", "none", "Zones we are the authority for: what the table does not have there does not exist. Also `zone`."),
    key("families", "list of ipv4, ipv6", "[ipv4]", "Families of allotted addresses that the clients can use."),
    key("network", "name", "none: all networks", "Network of the clients; addresses of other networks are not answered."),
    key("preferred_namespace", "Kubernetes namespace", "none", "Whose variant of a host wins after the client's own and the canonical one."),
    key("answer", "vip, endpoints or forward", "vip", "What names are answered with: virtual addresses, dialable addresses, or nothing of ours."),
    key("views", "map", "one view for all clients", "Who is answered as what, by the client's address."),
    key("views.default", "map, or refuse", "refuse", "The view of clients that no other matches."),
    key("views.default.namespace", "Kubernetes namespace", "`namespace`", "Namespace of these clients."),
    key("views.default.domain", "DNS name", "`domain`", "Their cluster domain."),
    key("views.default.search", "list of DNS names", "`search`, or derived when namespace or domain is written", "Their search domains."),
    key("views.default.families", "list of ipv4, ipv6", "`families`", "Families they can use."),
    key("views.default.network", "name", "`network`", "Their network."),
    key("views.default.preferred_namespace", "Kubernetes namespace", "`preferred_namespace`", "Whose variant of a host they prefer."),
    key("views.default.answer", "vip, endpoints or forward", "by `proxy`, else `answer`", "What they are answered with."),
    key("views.default.proxy", "true or false", "true", "Whether they have a proxy; without one the default of `answer` is endpoints."),
    key("views.networks", "list of maps", "none", "Views by network; the longest prefix wins."),
    key("views.networks[].cidr", "CIDR", "required", "Addresses of these clients."),
    key("views.networks[].namespace", "Kubernetes namespace", "`namespace`", "Namespace of these clients."),
    key("views.networks[].domain", "DNS name", "`domain`", "Their cluster domain."),
    key("views.networks[].search", "list of DNS names", "`search`, or derived when namespace or domain is written", "Their search domains."),
    key("views.networks[].families", "list of ipv4, ipv6", "`families`", "Families they can use."),
    key("views.networks[].network", "name", "`network`", "Their network."),
    key("views.networks[].preferred_namespace", "Kubernetes namespace", "`preferred_namespace`", "Whose variant of a host they prefer."),
    key("views.networks[].answer", "vip, endpoints or forward", "by `proxy`, else `answer`", "What they are answered with."),
    key("views.networks[].proxy", "true or false", "true", "Whether they have a proxy; without one the default of `answer` is endpoints."),
    key("views.pods_file", "path", "none", "File of pod addresses and their views. It is watched, and beats `views.networks`."),
    key("state_dir", "path, or none", "$STATE_DIRECTORY, $XDG_STATE_HOME/callsign or ~/.local/state/callsign", "Folder of the journal of virtual addresses and of the last good objects. `none` keeps them in memory only."),
    key("cache", "map", "", "What upstreams answer is kept, for all workers. `callsign cache` shows and flushes it. A change needs a restart."),
    key("cache.octets", "octets, or with KiB, MiB, GiB", "32MiB", "Memory of all entries, their bookkeeping included; 32MiB are some 100,000 answers. From 1MiB to 64GiB."),
    key("cache.ttl_max", "seconds or duration", "86400", "Longest TTL of a positive answer: a mistake upstream does not outlive the day. From 0 to a day."),
    key("cache.negative_ttl_max", "seconds or duration", "1800", "Longest TTL of a negative answer. From 0 to 3h (RFC 2308)."),
    key("cache.failure_ttl", "seconds or duration", "5", "How long a failure is kept, so that it is not asked for again at once. From 1 to 300 (RFC 9520)."),
    key("cache.stale_max", "seconds or duration", "86400", "How long after its TTL an answer may be served while upstreams fail; 0 never does. From 0 to 3d (RFC 8767)."),
    key("cache.stale_ttl", "seconds or duration", "30", "TTL of an answer served stale. From 1 to 300."),
    key("cache.stale_after", "duration", "1800ms", "How long a client waits for an upstream before it gets a stale answer. From 10ms to 1m."),
    key("cache.stale_recheck", "seconds or duration", "30", "How long a refresh that failed is not repeated while a stale answer is served. From 1 to 300."),
    key("cache.prefetch_percent", "number", "10", "Share of its TTL, in percent, at the end of which an answer that was asked for more than once is fetched again; 0 never does. From 0 to 90."),
    key("no_cache", "true or false", "false", "Whether nothing of what upstreams say is kept: no answers, none served stale, and no memory of failures. Equal questions that wait are joined all the same. A change needs a restart."),
    key("workers", "number", "one a core", "Threads that serve clients. From 1 to 1024."),
    key("admin", "ADDR:PORT", "off", "HTTP for /livez, /readyz, /metrics, /cache, /debug/table and /debug/ndsz; a loopback address."),
    key("ttl", "seconds or duration", "30", "TTL of answers whose entry has none. From 0 to a day."),
    key("negative_ttl", "seconds or duration", "5", "TTL of negative answers. From 0 to a day."),
    key("endpoints_ttl", "seconds or duration", "5", "TTL of answers that name machines. From 0 to a day."),
    key("vips", "map", "", "Virtual addresses for names that have none."),
    key("vips.key", "16 ASCII characters or 32 hexadecimal digits", "callsign vip key", "Key of the hash that orders candidates; the same wherever the same addresses are wanted."),
    key("vips.pools", "map", "", "Where addresses are taken from."),
    key("vips.pools.names", "list of CIDRs", "[250.0.0.0/8, \"2001:2:0:8000::/50\"]", "Pool of names."),
    key("vips.pools.instances", "list of CIDRs", "[251.0.0.0/8, \"2001:2:0:c000::/50\"]", "Pool of instances of headless services."),
    key("vips.quarantine", "duration", "48h", "How long a released address rests. At least ten times the largest TTL, at most a year."),
    key("vips.wildcards", "true or false", "false", "Whether every wildcard host without addresses gets one."),
    key("mesh", "map", "", "What the compiler must know about the mesh and no object says."),
    key("mesh.discovery", "config-only, gateways-only, exported or all-services", "from the objects", "Which names of other clusters are seen: hosts of own ServiceEntries; also explicit hosts of gateways; exported services by their mirror names; or every service and hosts of gateways. By default all-services with an Istio remote secret, exported with a Linkerd Link, gateways-only for a cluster with gateways, else config-only."),
    key("mesh.links", "list of maps", "none", "How clusters see one another where that differs; the first that fits counts."),
    key("mesh.links[].from", "cluster id", "every cluster", "The cluster of the clients."),
    key("mesh.links[].to", "cluster id", "every other cluster", "The cluster of the names."),
    key("mesh.links[].discovery", "as `mesh.discovery`", "required", "What is seen."),
    key("mesh.order", "list of cluster, network, region, zone; or of cluster ids; or none", "[cluster, network, region]", "Which members of a name come first: those that share the first key with the client. Ids of clusters are an order for everybody. `none` makes all equal. May be one text with commas."),
    key("mesh.members", "service or pods", "service", "What a local member of a name is: the address of its service, or every ready pod."),
    key("mesh.name_templates", "list of templates", "[\"{{svc}}-{{cluster}}.{{ns}}.svc.{{domain}}\"] for exported services", "Further names of services: {{svc}}, {{ns}} and {{cluster}} are the service's, {{domain}} is that of the client's cluster. Each needs {{svc}} and {{ns}}."),
    key("mesh.clusterset_domain", "DNS name", "clusterset.local", "Domain of names exported to all clusters."),
    key("mesh.policy_clusters", "list of cluster ids", "all clusters", "Clusters whose NamePolicies count for the mesh. Name those whose administrators may decide who publishes and who resolves names: the rules of every cluster in the list hold for all."),
    key("mesh.root_namespace", "Kubernetes namespace", "istio-system", "Namespace of the mesh's own objects; its network label is that of the cluster."),
    key("mesh.name_grace", "duration", "1h", "How long a product name without members keeps answering. From 0s to 7d."),
    key("mesh.clusters", "map by cluster id", "none", "What is said about clusters; the rest is taken from their objects."),
    key("mesh.clusters[].domain", "DNS name", "`domain`", "Its domain."),
    key("mesh.clusters[].network", "name", "from the objects", "Network of its pods."),
    key("mesh.clusters[].locality", "region/zone/subzone", "from its nodes", "Where it is."),
    key("mesh.clusters[].reachable_via", "cluster id or network", "none", "Whose gateways lead to it, where it cannot be reached itself. Loops are refused."),
    key("mesh.clusters[].served_by", "cluster id", "itself", "Cluster whose ServiceEntries its clients are served with; its own are ignored then."),
    key("mesh.clusters[].trust_root", "text", "none", "Root of its certificates: clusters whose roots differ cannot call each other, which `callsign check` tells."),
    key("mesh.networks", "map by network", "none", "What is said about networks."),
    key("mesh.networks[].reachable_via", "cluster id or network", "required", "Whose gateways lead into it. Loops are refused."),
    key("health", "path", "none", "File of what probes and watches have found about clusters and gateways, with times. It is watched."),
    key("log_level", "level, or filter directives", "$RUST_LOG, else info", "What is logged: error, warn, info, debug, trace or off, or directives such as `info,agent=debug`."),
    key("log_format", "text or json", "text", "How it is logged, on standard error."),
    key("limits", "map", "", "Bounds of what clients can take up."),
    key("limits.forward_pending_max", "number", "4096", "Most questions waiting for an upstream, per worker. From 1 to 1048576."),
    key("limits.forward_waiters_max", "number", "256", "Most clients joined to one waiting question, per worker. From 1 to 65536."),
    key("limits.forward_client_percent", "number", "25", "Share of `limits.forward_pending_max`, in percent, that the questions of one client address may take once half of it is taken, per worker: a client that asks for dead names leaves room for others. From 1 to 100."),
    key("limits.forward_jostle", "duration", "200ms", "How long a question must have waited to be given up for a new one when there are too many; live servers answer sooner. From 10ms to 10s."),
    key("limits.tcp_connections_max", "number", "1024", "Most client TCP connections, per worker. From 1 to 65536."),
    key("limits.tcp_connections_per_client_max", "number", "64", "Most TCP connections of one client address, per worker; loopback is exempt. From 1 to 65536."),
    key("limits.tcp_idle", "duration", "10s", "How long a TCP connection may be idle. From 1s to 1h."),
    key("limits.tcp_in_flight_max", "number", "128", "Most queries of one TCP connection waiting for an upstream; a connection stays with one worker. From 1 to 65536."),
];

/// Names of the keys that may stand below a path such as `views.networks[]`; the root is empty.
pub(crate) fn children<'k>(
    keys: &'k [KeyDoc],
    parent: &'k str,
) -> impl Iterator<Item = &'static str> + 'k {
    keys.iter().filter_map(move |key| {
        let rest = match parent {
            "" => key.path,
            parent => key.path.strip_prefix(parent)?.strip_prefix('.')?,
        };
        (!rest.contains('.')).then_some(rest)
    })
}

/// The spelling of a key that [`KEYS`] has, for example `zones` for `zone`.
pub(crate) fn canonical(name: &str) -> &str {
    SPELLINGS
        .iter()
        .find(|(flag, _)| *flag == name)
        .map_or(name, |(_, plural)| *plural)
}

/// What to say about an unknown key: the nearest known one, the place where it is known, or the
/// keys there are.
pub(crate) fn hint_for(keys: &[KeyDoc], parent: &str, name: &str) -> String {
    let longer = || children(keys, parent).find(|key| key.starts_with(&format!("{name}_")));
    if let Some(nearest) = nearest(children(keys, parent), name).or_else(longer) {
        return format!("did you mean `{nearest}`?");
    }
    if let Some(key) = keys.iter().find(|key| last(key.path) == canonical(name)) {
        let place = match key.path.rsplit_once('.') {
            Some((parent, _)) => format!("under `{parent}`"),
            None => String::from("at the top of the file"),
        };
        return format!("`{name}` belongs {place}");
    }
    if let Some(nearest) = nearest(keys.iter().map(|key| key.path), name) {
        return format!("did you mean `{nearest}`?");
    }
    let known: Vec<&str> = children(keys, parent).collect();
    format!("known here: {}", known.join(", "))
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// The known key that takes the fewest edits, if they are at most two and a third of the key.
fn nearest<'k>(known: impl Iterator<Item = &'k str>, name: &str) -> Option<&'k str> {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let edits_max = (name.len() / 3).clamp(1, 2);
    known
        .map(|key| (strsim::osa_distance(key, &name), key))
        .filter(|(edits, _)| *edits <= edits_max)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parent_is_a_key_itself_and_no_key_is_twice() {
        for (index, key) in KEYS.iter().enumerate() {
            assert!(
                KEYS[..index].iter().all(|other| other.path != key.path),
                "{}",
                key.path
            );
            if let Some((parent, _)) = key.path.rsplit_once('.') {
                let parent = parent.trim_end_matches("[]");
                assert!(KEYS.iter().any(|other| other.path == parent), "{parent}");
            }
        }
    }

    #[test]
    fn a_mistyped_key_is_answered_with_the_nearest_and_a_misplaced_one_with_its_place() {
        for (parent, name, expected) in [
            ("", "lisen", "did you mean `listen`?"),
            ("", "state-dir", "did you mean `state_dir`?"),
            ("", "Namespace", "did you mean `namespace`?"),
            ("", "quarantine", "`quarantine` belongs under `vips`"),
            ("vips", "zone", "`zone` belongs at the top of the file"),
            ("views.networks[]", "cdir", "did you mean `cidr`?"),
            ("vips.pools", "xyzzy", "known here: names, instances"),
        ] {
            assert_eq!(hint_for(KEYS, parent, name), expected);
        }
    }
}
