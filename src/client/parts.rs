//! Parts of a client that a module for pages may leave out.
//!
//! Their code is behind these constants, so that the compiler leaves it out where one is false.

/// True if the crate has no part in a module for pages, which chooses what it needs.
const IS_LIBRARY: bool = cfg!(not(all(target_arch = "wasm32", any(feature = "client", feature = "simulator"))));
/// False in a module whose clients have no store.
pub(super) const HAS_STORE: bool = IS_LIBRARY || cfg!(feature = "full");
/// False in a module whose clients have no enhanced authentication.
pub(super) const HAS_AUTHENTICATION: bool = HAS_STORE || cfg!(feature = "simulator");
