//! The text files of the checkout that rules look at.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file below the root of the checkout.
pub(crate) struct Source {
    /// Its path from the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text }
    }
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder with one of the extensions, in a fixed order; what is built or
/// installed is left out.
pub(crate) fn sources(folder: &str, extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(folder, extensions, &mut found);
    found
}

fn collect(folder: &str, extensions: &[&str], found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(root().join(folder)) else { return };
    let mut names: Vec<_> = entries.map(|entry| entry.expect("the folder can be read").file_name()).collect();
    names.sort();
    for name in names.iter().map(|name| name.to_str().expect("names are UTF-8")) {
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            if !matches!(name, "dist" | "node_modules" | "test-results") {
                collect(&path, extensions, found);
            }
        } else if Path::new(name).extension().is_some_and(|it| extensions.iter().any(|one| it == *one)) {
            found.push(Source::read(&path));
        }
    }
}
