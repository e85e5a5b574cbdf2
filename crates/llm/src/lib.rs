//! Models: their traffic as it goes over the wire, what it costs, and a small client for work in the background.
