//! `goldentooth-node`: the agent on every Pi.

fn main() {}
