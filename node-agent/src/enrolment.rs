//! The file that makes a machine a node of a fleet.
