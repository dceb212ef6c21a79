//! The broker over bytes: scripted clients, virtual time, each test a claim.
#![cfg(not(target_arch = "wasm32"))]

mod support;

mod broker {
    mod access;
    mod aliases;
    mod auth;
    mod budget;
    mod chaos;
    mod clocks;
    mod connack_limits;
    mod connect;
    mod counters;
    mod cut_groups;
    mod deliver;
    mod expired;
    mod former_run;
    mod former_user;
    mod hooks;
    mod host;
    mod hostile;
    mod limits;
    mod long_topics;
    mod poll_output;
    mod property;
    mod proven_username;
    mod read_backpressure;
    mod reader;
    mod reason_strings;
    mod restart;
    mod restart_equivalence;
    mod retained;
    mod retained_cursors;
    mod retained_live;
    mod retained_random;
    mod session;
    mod shared;
    mod shared_room;
    mod slow_consumers;
    mod store;
    mod subscribe;
    mod sys;
    mod takeover;
    mod timing;
    mod turns;
    mod wills;
}
