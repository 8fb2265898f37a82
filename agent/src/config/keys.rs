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
    key("clusters", "path", "none", "Folder with one folder of objects per cluster; needs `cluster`. Read, and refused by this version."),
    key("cluster", "cluster id", "none", "Id of the cluster that clients run in and that the objects of `tables` are of."),
    key("hosts", "list of paths", "none", "Files in the format of hosts(5)."),
    key("upstreams", "list of ADDR or ADDR:PORT, or none", "the servers of `resolv_conf`", "Servers for names that are not ours; port 53 unless written. `none` refuses those names. Also `upstream`."),
    key("resolv_conf", "path", "/etc/resolv.conf", "File whose nameserver lines are the upstreams when `upstreams` is not given. It is watched."),
    key("forward", "map", "", "How names are forwarded."),
    key("forward.strategy", "sequential or parallel", "sequential", "Servers one after the other, or all at once and the first good answer wins."),
    key("forward.budget", "duration", "2s", "From a forwarded question to SERVFAIL. From 100ms to 1m."),
    key("forward.retry", "duration", "400ms", "Until a silent server is joined by the next one. From 10ms to the budget."),
    key("forward.attempts_max", "number", "4", "Most messages sent upstream for one question. From 1 to 8."),
    key("forward.routes", "list of maps", "none", "Servers for the names below a suffix; the longest suffix wins."),
    key("forward.routes[].suffix", "DNS name", "required", "The suffix."),
    key("forward.routes[].upstreams", "list of ADDR or ADDR:PORT, or none", "required", "Its servers; `none` refuses its names. Also `upstream`."),
    key("forward.routes[].strategy", "sequential or parallel", "`forward.strategy`", "How its servers are tried."),
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
    key("no_cache", "true or false", "false", "Accepted for scripts: this version never caches upstream answers."),
    key("workers", "number", "one a core", "Threads that serve clients. From 1 to 1024."),
    key("admin", "ADDR:PORT", "off", "HTTP for /livez, /readyz, /metrics, /debug/table and /debug/ndsz; a loopback address."),
    key("ttl", "seconds or duration", "30", "TTL of answers whose entry has none. From 0 to a day."),
    key("negative_ttl", "seconds or duration", "5", "TTL of negative answers. From 0 to a day."),
    key("endpoints_ttl", "seconds or duration", "5", "TTL of answers that name machines. From 0 to a day."),
    key("vips", "map", "", "Virtual addresses for names that have none."),
    key("vips.key", "16 ASCII characters or 32 hexadecimal digits", "callsign vip key", "Key of the hash that orders candidates; the same wherever the same addresses are wanted."),
    key("vips.pools", "map", "", "Where addresses are taken from."),
    key("vips.pools.names", "list of CIDRs", "[250.0.0.0/8, \"2001:2:0:8000::/50\"]", "Pool of names."),
    key("vips.pools.instances", "list of CIDRs", "[251.0.0.0/8, \"2001:2:0:c000::/50\"]", "Pool of instances of headless services. Nothing is allotted from it yet."),
    key("vips.quarantine", "duration", "48h", "How long a released address rests. At least ten times the largest TTL, at most a year."),
    key("vips.wildcards", "true or false", "false", "Whether every wildcard host without addresses gets one."),
    key("log_level", "level, or filter directives", "$RUST_LOG, else info", "What is logged: error, warn, info, debug, trace or off, or directives such as `info,agent=debug`."),
    key("log_format", "text or json", "text", "How it is logged, on standard error."),
    key("limits", "map", "", "Bounds of what clients can take up."),
    key("limits.forward_pending_max", "number", "4096", "Most questions waiting for an upstream, per worker. From 1 to 1048576."),
    key("limits.forward_waiters_max", "number", "256", "Most clients joined to one waiting question. From 1 to 65536."),
    key("limits.tcp_connections_max", "number", "1024", "Most client TCP connections, per worker. From 1 to 65536."),
    key("limits.tcp_connections_per_client_max", "number", "64", "Most TCP connections of one client address, per worker; loopback is exempt. From 1 to 65536."),
    key("limits.tcp_idle", "duration", "10s", "How long a TCP connection may be idle. From 1s to 1h."),
    key("limits.tcp_in_flight_max", "number", "128", "Most queries of one TCP connection waiting for an upstream. From 1 to 65536."),
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
