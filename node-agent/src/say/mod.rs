//! What the node says.
