//! How the node feels.
