//! The agent on every Pi: sample, feel, budget, say.
