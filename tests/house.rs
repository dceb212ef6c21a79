//! The rules of the house, held by tests: layout, imports, words, citations and their proofs.
#![cfg(not(target_arch = "wasm32"))]

mod house {
    mod citations;
    mod comments;
    mod conformance;
    mod imports;
    mod layout;
    mod lexer;
    mod proofs;
    mod sentences;
    mod source;
    mod table;
    mod words;
}
