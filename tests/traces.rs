//! Traces of the simulator as JSON, as `wasmqtt/elements` draws them.
//!
//! `www/src/traces/` holds one file for each scenario. `UPDATE=1 cargo test --test traces` writes
//! them anew.
#![cfg(not(target_arch = "wasm32"))]

#[path = "traces/entries.rs"]
mod entries;
#[path = "traces/scenarios.rs"]
mod scenarios;

#[test]
fn the_traces_of_the_page_are_those_of_the_simulator() {
    for (name, scenario) in scenarios::ALL {
        let path = format!("{}/www/src/traces/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let trace = entries::trace(&scenarios::run(scenario));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &trace).expect("the file can be written");
        }
        let written = std::fs::read_to_string(&path).expect("UPDATE=1 writes the file");
        assert!(written == trace, "{path} differs: UPDATE=1 cargo test --test traces");
    }
}
