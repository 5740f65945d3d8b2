//! The characters' sheets and rules. Pure.
