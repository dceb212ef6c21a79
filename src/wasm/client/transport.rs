//! Transport of a client's bytes: a socket or, in the broker's build, a link to the broker in the
//! page.

use crate::wasm::client::socket::Socket;
#[cfg(feature = "broker")]
use crate::wasm::link::Link;

/// Transport, which closes when it is dropped.
pub(crate) enum Transport {
    Socket(Socket),
    #[cfg(feature = "broker")]
    Link(Link),
}
