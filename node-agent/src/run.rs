//! The loop around the agent.
