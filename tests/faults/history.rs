//! What history tells of faults, clocks and seeds.
