//! The broker over bytes: scripted clients, virtual time, each test a claim.
#![cfg(not(target_arch = "wasm32"))]

mod access;
mod aliases;
mod announced;
mod auth;
mod chaos;
mod connect;
mod counters;
mod deliver;
#[path = "../disk/mod.rs"]
mod disk;
mod fast;
mod hooks;
mod host;
mod hostile;
mod invisible;
mod limits;
mod property;
mod reader;
mod replay;
mod replay_live;
mod replay_random;
mod restart;
mod room;
mod session;
mod shared;
mod slow;
mod store;
mod subscribe;
mod sys;
mod told;
mod turns;
mod wills;
mod words;
