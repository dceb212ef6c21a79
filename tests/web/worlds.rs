//! Worlds make the same traces in a browser as natively.

use wasm_bindgen_test::wasm_bindgen_test;

use super::scenarios;

#[wasm_bindgen_test]
fn a_trace_has_the_same_hash_as_natively() {
    assert!(scenarios::HASHES.lines().count() >= 20, "there are scenarios");
    assert_eq!(scenarios::lines(), scenarios::HASHES);
}
