//! What one leaves to another: memories of a node go to whoever embodies its heir.

use super::Growth;
use crate::casting::Cast;

impl Growth {
    /// What is remembered of a node is a predecessor's from now on, and whoever embodies
    /// its heir remembers it, too: another board under the same name, or the node's new
    /// name. Gives the heir's character, and how much it has of it.
    pub fn hand_down(&mut self, cast: &Cast, (from, to): (&str, &str)) -> Option<(String, usize)> {
        let (before, heir) = (cast.embody(from)?, cast.embody(to)?);
        let mut handed = Vec::new();
        for (id, life) in &mut self.lives {
            let of_node = life.memory.hand_down(from);
            if *id == before.id {
                handed = of_node;
            }
        }
        let count = handed.len();
        if count == 0 {
            return None;
        }
        self.life_of(&heir.id).memory.inherit(handed);
        Some((heir.id.clone(), count))
    }
}
