//! Failures that random worlds once found: in `failures/`, the link of the shortest run of each.

use std::fs;

use wasmqtt::simulator::{Monitors, SharedRun, World};

#[test]
fn no_failure_of_the_past_comes_again() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulator/failures");
    let files: Vec<_> = fs::read_dir(folder).expect(folder).map(|file| file.expect("a file").path()).collect();
    assert!(!files.is_empty(), "{folder} has links");
    for file in files {
        let name = file.display();
        let link = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let SharedRun { options, actions, .. } =
            SharedRun::from_link(&link).unwrap_or_else(|error| panic!("{name}: {error}"));
        let world = World::replay(options, &actions).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let mut monitors = Monitors::new();
        monitors.watch(world.trace());
        assert_eq!(monitors.violations(), [], "{name}");
    }
}
