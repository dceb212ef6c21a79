//! The hashes of traces that `tests/web/worlds.rs` finds in browsers too.

use super::worlds;

#[test]
fn the_hashes_of_the_traces_are_those_of_the_file() {
    let lines = worlds::lines();
    if std::env::var_os("UPDATE").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/worlds.txt");
        std::fs::write(file, lines).expect("the file can be written");
        return;
    }
    assert_eq!(lines, worlds::HASHES, "UPDATE=1 cargo test --test simulator writes them anew");
}
