//! Whole fleets, real binaries, real brokers.
