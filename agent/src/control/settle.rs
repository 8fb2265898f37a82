//! What follows from a table that is served: its generation, the one that is held, the state folder.

use super::Control;
use super::rebuild::generation_of;
use crate::carried;
use crate::config::StateDir;
use crate::entries::name_tables;
use crate::generations::Generation;
use crate::held::Held;
use crate::sources::Holds;
use std::path::Path;
use std::sync::Arc;

impl Control {
    /// Works out the generation of the table, and the one that would be served if nothing were
    /// held; keeps what is served for the next start, where it has changed. Called when the table
    /// is served: nobody waits for this.
    pub fn settle(&mut self) {
        if self.settled != self.publishes {
            self.settled = self.publishes;
            self.settle_generations();
        }
        self.publish_status();
        if let StateDir::Path(folder) = &self.config.state_dir
            && self.store.owns_folder()
        {
            self.save(&folder.clone());
        }
    }

    fn settle_generations(&mut self) {
        let now_ms = self.clock.now_ms();
        let name_tables = name_tables(self.inputs.sources(), Holds::Keep);
        let kind = self.mesh.kind();
        let current = generation_of(&self.mesh.compiler, kind, name_tables, now_ms);
        self.generations.serve(current.id, current.names, now_ms);
        self.settle_held();
    }

    fn settle_held(&mut self) {
        let held = self.inputs.is_held().then(|| self.released());
        let id = held.as_ref().map(|held| held.id);
        if let Some(generation) = id.filter(|_| id != self.held.generation) {
            tracing::warn!(%generation, "a change is held; `callsign confirm {generation}` lets it through");
        }
        self.generations.hold(held);
        self.held = Arc::new(Held::of(self.inputs.sources(), id));
    }

    /// What would be served if nothing were held. The ledger does not hear of it.
    fn released(&self) -> Generation {
        let sources = self.inputs.sources();
        let now_ms = self.clock.now_ms();
        let mut ledger = self.store.ledger.clone();
        let mut compiler = self.mesh.another(sources, Holds::Release);
        compiler.set_occupied(self.occupied(Holds::Release));
        compiler.compile(&mut ledger, now_ms);
        let name_tables = name_tables(sources, Holds::Release);
        generation_of(&compiler, self.mesh.kind(), name_tables, now_ms)
    }

    fn save(&mut self, folder: &Path) {
        self.inputs.save(folder);
        if let Err(error) = self.generations.save(folder) {
            tracing::warn!(%error, "generations were not kept");
        }
        let carried = self.mesh.compiler.carried();
        if *carried != self.carried_kept {
            match carried::save(folder, carried) {
                Ok(()) => self.carried_kept = carried.clone(),
                Err(error) => tracing::warn!(%error, "products in their grace were not kept"),
            }
        }
    }
}
