//! The rules of the house, held by tests: layout, imports, words, citations and their proofs.
#![cfg(not(target_arch = "wasm32"))]

mod house {
    mod citations;
    mod comments;
    mod conformance;
    mod guide;
    mod import_tables;
    mod imports;
    mod layout;
    mod lexer;
    mod life;
    mod method_places;
    mod proofs;
    mod rust_imports;
    mod sentences;
    mod source;
    mod typescript_imports;
    mod walks;
    mod words;
}
