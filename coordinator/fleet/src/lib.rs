//! Every node as the coordinator knows it. Pure.
