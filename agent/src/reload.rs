//! A new configuration beside the one in force: what a running process takes of it.

use crate::config::Config;

/// The new configuration with what only a start can change as it is in force.
pub(crate) fn with_fixed_of(in_force: &Config, new: Config) -> Config {
    Config {
        listen: in_force.listen.clone(),
        workers: in_force.workers,
        admin: in_force.admin,
        state_dir: in_force.state_dir.clone(),
        log: in_force.log.clone(),
        resolver: in_force.resolver.clone(),
        net: in_force.net.clone(),
        cache: in_force.cache.clone(),
        upstream_ca: in_force.upstream_ca.clone(),
        ..new
    }
}

/// Names of the changed keys that a running process cannot take.
pub(crate) fn keys_that_need_a_restart(in_force: &Config, new: &Config) -> Vec<&'static str> {
    let changed = [
        ("listen", in_force.listen != new.listen),
        ("workers", in_force.workers != new.workers),
        ("admin", in_force.admin != new.admin),
        ("state_dir", in_force.state_dir != new.state_dir),
        ("log", in_force.log != new.log),
        (
            "resolver limits, ttl and forward times",
            in_force.resolver != new.resolver,
        ),
        ("limits of sockets", in_force.net != new.net),
        ("cache", in_force.cache != new.cache),
        ("upstream_ca", in_force.upstream_ca != new.upstream_ca),
    ];
    changed
        .into_iter()
        .filter(|(_, is_changed)| *is_changed)
        .map(|(key, _)| key)
        .collect()
}
