//! The agent without clock or socket.
