//! The crate in a browser: the exported classes over a stand-in for WebSocket, real timers, and the
//! broker in the page.
#![cfg(target_arch = "wasm32")]

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

mod web {
    #[path = "../support/allocator.rs"]
    mod allocator;
    #[cfg(feature = "broker")]
    mod broker;
    mod connecting;
    mod ends;
    #[cfg(feature = "broker")]
    mod home;
    #[cfg(feature = "broker")]
    mod linked;
    mod messages;
    #[cfg(feature = "broker")]
    mod own_subscriptions;
    mod packets;
    mod page;
    mod properties;
    mod reentrant;
    mod requests;
    #[path = "../support/worlds.rs"]
    mod scenarios;
    mod watching;
    mod worlds;
}
