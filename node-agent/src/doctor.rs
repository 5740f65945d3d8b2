//! What can be measured here, and what to do about the rest.
