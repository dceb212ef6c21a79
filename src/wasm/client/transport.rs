//! What carries a client's bytes: a socket, or in the broker's build a link to the broker in the page.

#[cfg(feature = "broker")]
use crate::wasm::broker::link::Link;
use crate::wasm::client::socket::Socket;

/// Dropped, it closes.
pub(crate) enum Transport {
    Socket(Socket),
    #[cfg(feature = "broker")]
    Link(Link),
}
