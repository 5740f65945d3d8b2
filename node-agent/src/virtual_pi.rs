//! A simulated Pi.
