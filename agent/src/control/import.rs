//! Taking over the addresses that another allocator gave.

use super::Control;
use super::rebuild::Scope;
use dns_core::vip::{ImportOutcome, ImportedAddress};
use std::time::Instant;

impl Control {
    /// Takes over these addresses. They are on disk, and served, when this returns.
    pub fn import(&mut self, addresses: Vec<ImportedAddress>) -> ImportOutcome {
        let began = Instant::now();
        let outcome = self.store.ledger.import(self.clock.now_ms(), addresses);
        self.store.record(&outcome.changes);
        if !outcome.changes.is_empty() {
            let imported = outcome.imported;
            tracing::info!(imported, "virtual addresses were imported");
            self.rebuild(Scope::Whole);
            self.publish(began);
            self.settle();
        }
        outcome
    }

    /// What [`import`](Control::import) would do. Nothing is changed.
    pub fn try_import(&self, addresses: Vec<ImportedAddress>) -> ImportOutcome {
        let mut ledger = self.store.ledger.clone();
        ledger.import(self.clock.now_ms(), addresses)
    }
}
