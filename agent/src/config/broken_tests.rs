//! Broken files, each with what is said of it.

use super::tests::problems_of;

/// Text, then the start of the only problem after the file name, then a part of it.
#[rustfmt::skip]
const BROKEN: &[(&str, &str, &str)] = &[
    // Keys.
    ("lisen: [127.0.0.1:53]", ":1:1: lisen: unknown key", "did you mean `listen`?"),
    ("\nnamespaces: a", ":2:1: namespaces: unknown key", "did you mean `namespace`?"),
    ("zonse: [a]", ":1:1: zonse: unknown key", "did you mean `zones`?"),
    ("state-dir: none", ":1:1: state-dir: unknown key", "did you mean `state_dir`?"),
    ("Listen: 127.0.0.1:53", ":1:1: Listen: unknown key", "did you mean `listen`?"),
    ("upstrem: none", ":1:1: upstrem: unknown key", "did you mean `upstream"),
    ("vips: {quarantene: 48h}", ":1:8: vips.quarantene: unknown key", "did you mean `quarantine`?"),
    ("vips:\n  pools:\n    nmaes: [250.0.0.0/8]", ":3:5: vips.pools.nmaes: unknown key", "did you mean `names`?"),
    ("quarantine: 48h", ":1:1: quarantine: unknown key", "belongs under `vips`"),
    ("proxy: false", ":1:1: proxy: unknown key", "belongs under `views.default`"),
    ("views:\n  networks:\n    - cidr: 10.0.0.0/8\n      famlies: [ipv4]", ":4:7: views.networks[0].famlies: unknown key", "did you mean `families`?"),
    ("forward:\n  routes:\n    - {suffix: a, upstreams: none}\n    - {sufix: b, suffix: b, upstreams: none}", ":4:8: forward.routes[1].sufix: unknown key", "did you mean `suffix`?"),
    ("xyzzy: 1", ":1:1: xyzzy: unknown key", "known here: listen, tables"),
    ("log: {level: debug}", ":1:1: log: unknown key", "did you mean `log_level`?"),
    ("ttl: 5\nttl: 6", ":2:1: ttl: given twice, first on line 1", "keep one"),
    ("zone: a\nzones: [b]", ":2:1: zones: `zones` given twice under its two spellings", "keep one"),
    // The mesh.
    ("mesh: {discovry: exported}", ":1:8: mesh.discovry: unknown key", "did you mean `discovery`?"),
    ("mesh: {discovery: all}", ":1:19: mesh.discovery: `all` is not known", "write config-only, gateways-only, exported, all-services"),
    ("mesh:\n  links:\n  - {from: east, to: west}", ":3:5: mesh.links[0].discovery: missing", "write `discovery:`"),
    ("mesh: {links: [{from: a b, discovery: exported}]}", ":1:23: mesh.links[0].from: `a b` is not the id of a cluster", "letters, digits"),
    ("mesh: {order: [cluster, east]}", ":1:15: mesh.order: keys, ids of clusters and none are mixed", "or ids of clusters"),
    ("mesh: {order: 'region, region'}", ":1:15: mesh.order: `region` given twice", ""),
    ("mesh: {order: []}", ":1:15: mesh.order: an empty order", "none"),
    ("mesh: {members: all}", ":1:17: mesh.members: `all` is not known", "service, pods"),
    ("mesh: {name_templates: ['{{svc}}.mesh']}", ":1:25: mesh.name_templates[0]: `{{svc}}.mesh` needs {{svc}} and {{ns}}", "for example"),
    ("mesh: {clusterset_domain: '*.x'}", ":1:27: mesh.clusterset_domain: `*.x` is not a DNS name", ""),
    ("mesh: {root_namespace: A}", ":1:24: mesh.root_namespace: `A` is not a namespace", ""),
    ("mesh: {name_grace: 8d}", ":1:20: mesh.name_grace: 8d is too long", ""),
    ("mesh: {clusters: [east]}", ":1:18: mesh.clusters: a list where a map is wanted", "below `mesh.clusters:`"),
    ("mesh:\n  clusters:\n    east: {domian: a.local}", ":3:12: mesh.clusters[east].domian: unknown key", "did you mean `domain`?"),
    ("mesh:\n  clusters:\n    east/x: {}", ":3:5: mesh.clusters: `east/x` is not the id of a cluster", ""),
    ("mesh: {clusters: {east: {locality: a//b}}}", ":1:36: mesh.clusters[east].locality: `a//b` is not a locality", "us-west"),
    ("mesh: {clusters: {east: {served_by: 'a b'}}}", ":1:37: mesh.clusters[east].served_by: `a b` is not the id", ""),
    ("mesh: {clusters: {east: {reachable_via: east}}}", ":1:41: mesh.clusters[east].reachable_via: leads back to east: east, east, east", "without it"),
    ("mesh: {networks: {net1: {}}}", ":1:25: mesh.networks[net1].reachable_via: missing", ""),
    ("mesh: {networks: {'a[0]': {reachable_via: east}}}", ":1:19: mesh.networks: `a[0]` is not a network", "without brackets"),
    ("clusters: dir\ncluster: a.b", ":2:10: cluster: `a.b` is not the id of a cluster", "letters, digits"),
    // Shapes.
    ("[a, b]", ":1:1: a list where a map is wanted", "key: value"),
    ("just text", ":1:1: a scalar where a map is wanted", "key: value"),
    ("vips: 5", ":1:7: vips: a scalar where a map is wanted", "below `vips:`"),
    ("ttl: [5]", ":1:6: ttl: a list where one value is wanted", "single value"),
    ("listen: {a: b}", ":1:9: listen: a map where one value is wanted", ""),
    ("a: [1, 2", ":1:4: not YAML", ""),
    ("ttl: 5\n\tzone: x", ":1:6: not YAML", ""),
    ("ttl: 5\n---\nttl: 6", ":2:1: a second document", "one document"),
    // Addresses.
    ("listen: 127.0.0.1", ":1:9: listen: `127.0.0.1` has no port", "127.0.0.1:15053"),
    ("listen: [\"::1\"]", ":1:10: listen[0]: `::1` has no port", "[::1]:15053"),
    ("listen: [localhost:53]", ":1:10: listen[0]: `localhost:53` is not an address", "not looked up"),
    ("listen: [127.0.0.1:53000000]", ":1:10: listen[0]: `127.0.0.1:53000000` is not an address", ""),
    ("listen:\n  - 127.0.0.1:53\n  - 127.0.0.1:53", ":3:5: listen[1]: 127.0.0.1:53 given twice", ""),
    ("listen: [127.0.0.1:53, '[::ffff:127.0.0.1]:53']", ":1:24: listen[1]: [::ffff:127.0.0.1]:53 given twice", ""),
    ("listen: []", ":1:9: listen: an empty list", ""),
    ("admin: 0.0.0.0:15080", ":1:8: admin: 0.0.0.0 is not a loopback address", "127.0.0.1:15080"),
    ("admin: 127.0.0.1:15053", ":1:8: admin: 127.0.0.1:15053 is taken", "another port"),
    ("upstream: 10.0.0.300", ":1:11: upstream: `10.0.0.300` is not the address", "10.0.0.10"),
    ("upstream: localhost:53", ":1:11: upstream: `localhost` is not looked up", "127.0.0.1"),
    ("upstream: tls://9.9.9.9", ":1:11: upstream: `tls://9.9.9.9` has no name for its certificate", "tls://9.9.9.9#dns.example.net"),
    ("upstream: quic://9.9.9.9", ":1:11: upstream: servers are not spoken to over `quic`", "tls://"),
    ("upstreams: [dns.example.net, 'udp://dns.example.net:53']", ":1:30: upstreams[1]: dns.example.net:53 given twice", ""),
    ("bootstrap: dns.example.net", ":1:12: bootstrap: `dns.example.net` is not the address of a server", "10.0.0.10"),
    ("bootstrap: 127.0.0.1:15053", ":1:12: bootstrap: 127.0.0.1:15053 is an address we listen on", ""),
    ("upstreams: [10.0.0.1, none]", ":1:23: upstreams[1]: `none` is not the address", ""),
    ("upstreams: [10.0.0.1, 10.0.0.1:53]", ":1:23: upstreams[1]: 10.0.0.1:53 given twice", ""),
    ("upstreams: []", ":1:12: upstreams: an empty list", "none"),
    ("upstream: 127.0.0.1:15053", ":1:11: upstream: 127.0.0.1:15053 is an address we listen on", "another server"),
    ("listen: 0.0.0.0:53\nupstream: 127.0.0.53", ":2:11: upstream: 127.0.0.53:53 is an address we listen on", ""),
    ("forward:\n  routes:\n    - {suffix: a, upstreams: 127.0.0.1:15053}", ":3:30: forward.routes[0].upstreams: 127.0.0.1:15053 is an address we listen on", ""),
    ("views:\n  networks: [{cidr: 10.0.0.0/33}]", ":2:21: views.networks[0].cidr: `10.0.0.0/33` is not a CIDR", "10.0.0.0/8"),
    ("views:\n  networks: [{namespace: a}]", ":2:14: views.networks[0].cidr: missing", "write `cidr:`"),
    ("views:\n  networks:\n  - cidr: 10.0.0.0/8\n  - cidr: 10.9.0.0/8", ":4:11: views.networks[1].cidr: 10.0.0.0/8 has a view already", ""),
    ("vips: {pools: {names: [250.0.0.0/8, 250.1.0.0/16]}}", ":1:37: vips.pools.names[1]: 250.1.0.0/16 overlaps 250.0.0.0/8", ""),
    ("vips: {pools: {names: [250.0.0.0/31]}}", ":1:24: vips.pools.names[0]: 250.0.0.0/31 has no address", "wider"),
    ("vips: {pools: {names: [251.0.0.0/16]}}", ":1:15: vips.pools: 251.0.0.0/8 overlaps 251.0.0.0/16", "write both `names` and `instances`"),
    // Names.
    ("zones: [\"*.example.com\"]", ":1:9: zones[0]: `*.example.com` is not a DNS name: it has a wildcard", ""),
    ("zones: [.]", ":1:9: zones[0]: `.` is not a DNS name: it is the root", ""),
    ("domain: cluster..local", ":1:9: domain: `cluster..local` is not a DNS name: it has an empty label", ""),
    ("search: [b\u{fc}cher.example]\nnamespace: a", ":1:10: search[0]: `b\u{fc}cher.example` is not a DNS name", "xn--"),
    ("namespace: Shop", ":1:12: namespace: `Shop` is not a namespace", "small letters"),
    ("forward: {routes: [{suffix: a, upstreams: none}, {suffix: A., upstreams: none}]}", ":1:59: forward.routes[1].suffix: `a` has a route already", ""),
    ("network: a b", ":1:10: network: `a b` is not a name", "one word"),
    // Numbers, times, words.
    ("workers: 0", ":1:10: workers: 0 is too small", "from 1 to 1024"),
    ("workers: two", ":1:10: workers: `two` is not a number", ""),
    ("ttl: 90000", ":1:6: ttl: 90000 is more than a day", ""),
    ("ttl: 1500ms", ":1:6: ttl: 1500ms is not a whole number of seconds", ""),
    ("forward: {budget: 2}", ":1:19: forward.budget: `2` is not a duration", "2s, 400ms"),
    ("forward: {budget: 10m}", ":1:19: forward.budget: 10m is too long", "100ms to 1m"),
    ("forward: {retry: 3s}", ":1:18: forward.retry: 3s is too long", "10ms to 2s"),
    ("forward: {attempts_max: 9}", ":1:25: forward.attempts_max: 9 is too large", "from 1 to 8"),
    ("forward: {strategy: slowest}", ":1:21: forward.strategy: `slowest` is not known", "fastest, race or parallel"),
    ("forward: {failover: [noerror]}", ":1:22: forward.failover[0]: `noerror` is not known", "servfail, refused"),
    ("forward: {in_flight_max: 0}", ":1:26: forward.in_flight_max: 0 is too small", "from 1 to 1048576"),
    ("forward: {probe_interval: 1ms}", ":1:27: forward.probe_interval: 1ms is too short", "100ms to 1m"),
    ("forward: {routes: [{suffix: a, except: [b], upstreams: none}]}", ":1:41: forward.routes[0].except[0]: `b` is not below the suffix", "leave it out"),
    ("forward: {routes: [{suffix: a, upstreams: 10.0.0.1, next: {on: nxdomain}}]}", ":1:59: forward.routes[0].next.upstreams: missing", "write `upstreams:`"),
    ("forward: {routes: [{suffix: a, upstreams: 10.0.0.1, next: {on: [], upstreams: 10.0.0.2}}]}", ":1:64: forward.routes[0].next.on: an empty list", "nxdomain, nodata"),
    ("forward: {routes: [{suffix: a, upstreams: 10.0.0.1, next: {on: [timeout], upstreams: 10.0.0.2}}]}", ":1:65: forward.routes[0].next.on[0]: `timeout` is not known", "nxdomain or nodata"),
    ("forward: {routes: [{suffix: a, upstreams: 10.0.0.1, next: {on: nodata, upstreams: 127.0.0.1:15053}}]}", ":1:83: forward.routes[0].next.upstreams: 127.0.0.1:15053 is an address we listen on", ""),
    ("forward: {routes: [{suffix: a, upstreams: none, cache: {negative_ttl_max: 4h}}]}", ":1:75: forward.routes[0].cache.negative_ttl_max: 4h is too long", "from 0 to 10800"),
    ("cache: {octets: 32MB}", ":1:17: cache.octets: `32MB` is not a size", "32MiB"),
    ("cache: {octets: 1000}", ":1:17: cache.octets: 1000 is too small", "from 1MiB to 64GiB"),
    ("cache: {size: 32MiB}", ":1:9: cache.size: unknown key", "known here: octets"),
    ("cache: {stale_max: 4d}", ":1:20: cache.stale_max: 4d is too long", "or a time such as 3d"),
    ("cache: {failure_ttl: 0}", ":1:22: cache.failure_ttl: 0 is too short", "from 1 to 300"),
    ("cache: {prefetch_percent: 100}", ":1:27: cache.prefetch_percent: 100 is too large", "from 0 to 90"),
    ("cache: off", ":1:8: cache: a scalar where a map is wanted", "below `cache:`"),
    ("limits: {forward_client_percent: 101}", ":1:34: limits.forward_client_percent: 101 is too large", "from 1 to 100"),
    ("families: [ipv5]", ":1:12: families[0]: `ipv5` is not known", "ipv4 or ipv6"),
    ("families: []", ":1:11: families: no family", ""),
    ("answer: vips", ":1:9: answer: `vips` is not known", "vip, endpoints or forward"),
    ("no_cache: yes", ":1:11: no_cache: `yes` is neither true nor false", "true or false"),
    ("views: {default: allow}", ":1:18: views.default: `allow` is not known", "write refuse"),
    ("vips: {quarantine: 1h}", ":1:20: vips.quarantine: 1h is too short", "from 10h to 365d"),
    ("vips: {key: secret}", ":1:13: vips.key: not a key of 16 octets", "32 hexadecimal"),
    ("log_level: debgu", ":1:12: log_level: `debgu` is not a log level", "debug"),
    ("log_format: xml", ":1:13: log_format: `xml` is not known", "text or json"),
    ("clusters: dir", ":1:11: clusters: needs `cluster`", ""),
    ("limits: {tcp_idle: 1ms}", ":1:20: limits.tcp_idle: 1ms is too short", "from 1s to 1h"),
    ("hosts: ['']", ":1:9: hosts[0]: an empty path", ""),
];

#[test]
fn a_broken_file_is_reported_with_its_place_key_and_remedy() {
    assert!(BROKEN.len() >= 40);
    let mut wrong = Vec::new();
    for (text, start, part) in BROKEN {
        let problems = problems_of(text);
        let start = format!("/etc/c.yaml{start}");
        if problems.len() != 1 || !problems[0].starts_with(&start) || !problems[0].contains(part) {
            wrong.push(format!(
                "{text:?}\n  wanted {start} … {part}\n  got    {problems:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
