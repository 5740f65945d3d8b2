//! Who waits for whom: never in a circle, and never for ever.

use super::Millis;
use std::collections::BTreeMap;

/// A wait that would never end: the path of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("they would wait for each other for ever: {}", .0.join(" → "))]
pub struct Cycle(pub Vec<String>);

/// Open waits, each with its deadline.
#[derive(Clone, Debug, Default)]
pub struct Needs(BTreeMap<String, BTreeMap<String, Millis>>);

impl Needs {
    /// `who` waits for `whom` until `deadline`.
    ///
    /// # Errors
    /// [`Cycle`] with its path, if `whom` waits for `who` already, by whatever way.
    pub fn wait(&mut self, who: &str, whom: &str, deadline: Millis) -> Result<(), Cycle> {
        let mut path = vec![who.to_owned()];
        if who == whom || self.reaches(whom, who, &mut path) {
            path.push(if who == whom { whom.to_owned() } else { who.to_owned() });
            return Err(Cycle(path));
        }
        self.0.entry(who.to_owned()).or_default().insert(whom.to_owned(), deadline);
        Ok(())
    }

    fn reaches(&self, from: &str, to: &str, path: &mut Vec<String>) -> bool {
        path.push(from.to_owned());
        for next in self.0.get(from).into_iter().flat_map(BTreeMap::keys) {
            if next == to || (!path.contains(next) && self.reaches(next, to, path)) {
                return true;
            }
        }
        path.pop();
        false
    }

    /// `whom` is done: gives those who waited for it and now wait for nobody.
    pub fn done(&mut self, whom: &str) -> Vec<String> {
        for waits in self.0.values_mut() {
            waits.remove(whom);
        }
        self.free()
    }

    /// Ends the waits whose deadline has come; gives those who now wait for nobody.
    pub fn expire(&mut self, now: Millis) -> Vec<String> {
        for waits in self.0.values_mut() {
            waits.retain(|_, deadline| *deadline > now);
        }
        self.free()
    }

    fn free(&mut self) -> Vec<String> {
        let free: Vec<String> =
            self.0.iter().filter(|(_, waits)| waits.is_empty()).map(|(who, _)| who.clone()).collect();
        self.0.retain(|_, waits| !waits.is_empty());
        free
    }

    /// Whether it waits for anybody.
    pub fn is_waiting(&self, who: &str) -> bool {
        self.0.contains_key(who)
    }
}
