//! The pages of the cache: what it holds, and the flush.

use super::query::Parameters;
use crate::output::{CacheListing, CachedEntry, Flushed};
use crate::worker::Clock;
use dns_core::cache::{EntryView, Filter};
use dns_core::wire::Rtype;
use dns_core::{ForwardPolicy, NameBuf, Route, Shared};
use std::sync::Arc;

/// Entries shown unless more or fewer are asked for.
const LIMIT_DEFAULT: usize = 1_000;
/// Most entries shown. They are copied out of the cache and written out, some kilobytes each: tens
/// of megabytes, and more than anyone reads. A name, suffix or type finds the others.
pub const LIMIT_MAX: usize = 10_000;

/// What a flush is narrowed by.
const FLUSH_KEYS: [&str; 3] = ["name", "suffix", "type"];
/// What a listing is narrowed by.
const LISTING_KEYS: [&str; 4] = ["name", "suffix", "type", "limit"];

/// The cache of a process, and the clock that its times are of.
#[derive(Clone, Debug)]
pub struct CacheAccess {
    shared: Arc<Shared>,
    clock: Clock,
}

/// Which entries are meant.
#[derive(Debug)]
pub(super) struct Selection {
    filter: Filter,
    limit: usize,
}

impl Selection {
    /// What is to be shown: `name` or `suffix`, `type` and `limit`.
    pub(super) fn of_listing(parameters: &Parameters) -> Result<Self, String> {
        parameters.only(&LISTING_KEYS)?;
        Selection::read(parameters)
    }

    /// What is to go: `name` or `suffix`, and `type`. A misread request removes nothing.
    pub(super) fn of_flush(parameters: &Parameters) -> Result<Self, String> {
        parameters.only(&FLUSH_KEYS)?;
        Selection::read(parameters)
    }

    fn read(parameters: &Parameters) -> Result<Self, String> {
        let name = |key: &str| {
            let parse = |text: &str| {
                NameBuf::parse(text).map_err(|error| format!("{key}: `{text}` {error}\n"))
            };
            parameters.value(key).map(parse).transpose()
        };
        let names = match (name("name")?, name("suffix")?) {
            (None, None) => Filter::All,
            (Some(name), None) => Filter::Name(name),
            (None, Some(suffix)) => Filter::Suffix(suffix),
            (Some(_), Some(_)) => return Err("name, suffix: one of them is enough\n".to_owned()),
        };
        let filter = match parameters.value("type") {
            None => names,
            Some(text) => {
                let rtype = Rtype::parse(text)
                    .ok_or_else(|| format!("type: `{text}` is not a type of records\n"))?;
                Filter::OfType(rtype, Box::new(names))
            }
        };
        let limit = match parameters.value("limit") {
            None => LIMIT_DEFAULT,
            Some(text) => limit(text).map_err(|reason| format!("limit: {reason}\n"))?,
        };
        Ok(Selection { filter, limit })
    }
}

impl CacheAccess {
    /// The cache that those workers share.
    pub(crate) fn new(shared: Arc<Shared>, clock: Clock) -> Self {
        CacheAccess { shared, clock }
    }

    /// The entries that are meant; `None` if the cache is off. `routes` give the groups their
    /// names.
    pub(super) fn listing(
        &self,
        selection: &Selection,
        routes: &ForwardPolicy,
    ) -> Option<CacheListing> {
        let cache = self.shared.cache()?;
        // One more shows whether there are more.
        let wanted = selection.limit + 1;
        let mut entries = cache.entries(self.clock.now(), &selection.filter, wanted);
        let cut = entries.len() > selection.limit;
        entries.truncate(selection.limit);
        entries.sort_by(|a, b| (&a.name, a.rtype.0, a.group).cmp(&(&b.name, b.rtype.0, b.group)));
        let groups = Groups::of(routes);
        let entry = |entry: EntryView| CachedEntry::of(&entry, groups.name(entry.group));
        Some(CacheListing {
            entries: entries.into_iter().map(entry).collect(),
            limit: selection.limit,
            cut,
        })
    }

    /// Removes the entries that are meant; `None` if the cache is off.
    pub(super) fn flush(&self, selection: &Selection) -> Option<Flushed> {
        let cache = self.shared.cache()?;
        let flushed = cache.flush(&selection.filter);
        Some(Flushed { flushed })
    }
}

/// A number of entries to show.
///
/// # Errors
/// Why it is none, for people.
pub fn limit(text: &str) -> Result<usize, String> {
    let number = text.parse().ok();
    number
        .filter(|limit| (1..=LIMIT_MAX).contains(limit))
        .ok_or_else(|| format!("not a number from 1 to {LIMIT_MAX}"))
}

/// Names of groups of servers.
struct Groups(Vec<(u64, String)>);

impl Groups {
    fn of(routes: &ForwardPolicy) -> Self {
        let named = |route: &Arc<Route>| (route.group(), suffix(route));
        Groups(routes.routes().iter().map(named).collect())
    }

    /// The suffix of the route; of one that is not configured any more the number.
    fn name(&self, group: u64) -> String {
        let known = self.0.iter().find(|(known, _)| *known == group);
        known.map_or_else(|| format!("{group:016x}"), |(_, name)| name.clone())
    }
}

fn suffix(route: &Route) -> String {
    match route.suffix.to_string() {
        root if root.is_empty() => ".".to_owned(),
        suffix => suffix,
    }
}
