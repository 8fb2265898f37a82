//! Says when files may have changed.
//!
//! The folders of all paths are watched, not the files: a mounted ConfigMap and most editors
//! replace files by renaming. What a watch misses (network file systems, a folder that appears
//! later) is found by looking at the files every [`LOOK_EVERY`].

use notify::{RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long after the first sign of a change the files are read: what is written in several steps
/// is read once. With the reading it stays well below the second that a change may take.
pub const SETTLE: Duration = Duration::from_millis(100);
/// How often files are looked at without a sign.
pub const LOOK_EVERY: Duration = Duration::from_millis(700);

/// Watches the folders of a set of paths.
#[derive(Debug)]
pub struct Watch {
    watcher: Option<notify::RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    sign: Arc<Notify>,
    next: Option<Reading>,
}

/// When the files are read next. It outlives a wait that is given up for something else, so that
/// whoever asks the process often does not keep it from its inputs.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// Without a sign, then.
    Look(Instant),
    /// There was a sign: then, when all is written.
    Settle(Instant),
}

impl Watch {
    /// Watches nothing yet. Without the kernel's help it still works, by looking.
    pub fn new() -> Self {
        let sign = Arc::new(Notify::new());
        let to_notify = Arc::clone(&sign);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let is_read = event.is_ok_and(|event| event.kind.is_access());
            if !is_read {
                to_notify.notify_one();
            }
        });
        let watcher = watcher
            .inspect_err(|error| tracing::warn!(%error, "files are not watched, only looked at"))
            .ok();
        Watch {
            watcher,
            watched: BTreeSet::new(),
            sign,
            next: None,
        }
    }

    /// Watches the folders of these paths, and the paths that are folders.
    pub fn watch<'p>(&mut self, paths: impl IntoIterator<Item = &'p Path>) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let mut wanted = BTreeSet::new();
        for path in paths {
            if path.is_dir() {
                wanted.insert(path.to_owned());
            }
            let parent = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            wanted.insert(parent.unwrap_or(Path::new(".")).to_owned());
        }
        for folder in self.watched.difference(&wanted) {
            // A folder that is gone is not watched any more either way.
            let _ = watcher.unwatch(folder);
        }
        self.watched.retain(|folder| wanted.contains(folder));
        for folder in wanted {
            if !self.watched.contains(&folder)
                && watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok()
            {
                self.watched.insert(folder);
            }
        }
    }

    /// Waits for a sign of a change, or until it is time to look. A wait that is given up goes on
    /// with the next one.
    pub async fn changed(&mut self) {
        let first = Reading::Look(Instant::now() + LOOK_EVERY);
        if let Reading::Look(at) = *self.next.get_or_insert(first)
            && timeout_at(at, self.sign.notified()).await.is_ok()
        {
            self.next = Some(Reading::Settle(Instant::now() + SETTLE));
        }
        if let Some(Reading::Settle(at)) = self.next {
            sleep_until(at).await;
        }
        self.next = None;
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    /// How long it takes in all, in waits of that length that are given up.
    async fn in_short_waits(watch: &mut Watch, each: Duration) -> Duration {
        let began = Instant::now();
        while timeout(each, watch.changed()).await.is_err() {}
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn waits_that_are_given_up_do_not_put_off_the_reading() {
        let mut watch = Watch::new();
        let each = SETTLE / 4;
        watch.sign.notify_one();
        assert!(in_short_waits(&mut watch, each).await <= SETTLE + each);
        let looked = in_short_waits(&mut watch, each).await;
        assert!((LOOK_EVERY..=LOOK_EVERY + each).contains(&looked));
    }
}
