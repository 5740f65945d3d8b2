//! The queue of happenings: by time, and at one time by the order of making.

/// What may happen in the world.
pub enum Happening {
    /// A node may have something to do.
    Wake(usize),
    /// A frame reaches the coordinator.
    Up(usize, Vec<u8>),
    /// A message reaches a node, on the connection of this number.
    Down(usize, u32, Vec<u8>),
    /// A node's link goes down or up.
    Link(usize, bool),
    /// A node's power fails or comes back.
    Power(usize, bool),
    /// The coordinator's second.
    Tick,
    /// The coordinator commits.
    Commit,
    /// The coordinator is killed, and starts again at once.
    Crash,
    /// The coordinator goes away with its broker, or comes back.
    Away(bool),
    /// The nodes say farewell.
    End,
}

/// One happening and its place in the order of the world.
pub struct Entry {
    pub at: u64,
    pub order: u64,
    pub what: Happening,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
