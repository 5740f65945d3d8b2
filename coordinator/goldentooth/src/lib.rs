//! The coordinator: main, configuration, intake and surfaces.
