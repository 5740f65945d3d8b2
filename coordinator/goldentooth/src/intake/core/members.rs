//! A node that leaves, or gets another name: what waits for the store goes with it.

use super::Core;
use crate::live::Update;
use frames::NodeName;
use store::Batch;

impl Core {
    /// Forgets a node whose key is void already. `purge` says whether its past goes, too.
    pub fn forget(&mut self, node: &NodeName, purge: bool) {
        self.fleet.forget(node);
        self.abouts.remove(node);
        self.settings.remove(node);
        self.touched.remove(node);
        for batch in self.pending() {
            batch.records.retain(|record| record.name != *node);
            if purge {
                batch.rows.retain(|row| row.node != *node);
                batch.unreadable.retain(|frame| frame.node != *node);
            }
        }
        self.output.updates.push(Update::Gone(node.clone()));
    }

    /// Gives a node another name; all that is known of it stays.
    pub fn rename(&mut self, from: &NodeName, to: &NodeName) {
        if self.fleet.rename(from, to) {
            self.touched.insert(to.clone());
        }
        if let Some(about) = self.abouts.remove(from) {
            self.abouts.insert(to.clone(), about);
        }
        if let Some(settings) = self.settings.remove(from) {
            self.settings.insert(to.clone(), settings);
        }
        self.touched.remove(from);
        for batch in self.pending() {
            let names = batch.records.iter_mut().map(|record| &mut record.name);
            let names = names.chain(batch.rows.iter_mut().map(|row| &mut row.node));
            let names = names.chain(batch.unreadable.iter_mut().map(|frame| &mut frame.node));
            names.filter(|name| *name == from).for_each(|name| name.clone_from(to));
        }
        self.output.updates.push(Update::Gone(from.clone()));
    }

    /// What of real nodes waits for the store, and is not on its way there.
    fn pending(&mut self) -> impl Iterator<Item = &mut Batch> {
        let held = self.held.as_mut().map(|work| &mut work.kept);
        std::iter::once(&mut self.work.kept).chain(held)
    }
}
