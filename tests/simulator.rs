//! The simulator: worlds of one broker and some clients, on a clock of their own.
#![cfg(not(target_arch = "wasm32"))]

mod simulator {
    mod acts;
    mod delivery;
    mod diagrams;
    mod expiry;
    mod failures;
    mod faults;
    mod foreign;
    mod hashes;
    mod live;
    mod plans;
    mod random;
    mod sessions;
    mod sharing;
    mod silence;
    mod small;
    mod snapshots;
    mod threads;
    mod timelines;
    mod twins;
    mod variants;
    mod wills;
    #[path = "../support/worlds.rs"]
    mod worlds;
}
