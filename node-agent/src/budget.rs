//! The thermal budget.
