//! Endpoints of a broker's peers: a client in the page, or a socket of the face.

use alloc::rc::Rc;
use alloc::vec::Vec;

use crate::broker::PeerId;
use crate::wasm::broker::peer_socket::PeerSocket;
use crate::wasm::link::Pipe;

/// Endpoint of a peer.
pub(crate) enum Endpoint {
    /// A client in the page. One that is gone takes nothing any more.
    Client(Pipe),
    /// A peer behind a socket of the face.
    PeerSocket(Rc<PeerSocket>),
}

/// Endpoints of the connected peers, by peer index.
pub(crate) struct Endpoints(Vec<Option<(PeerId, Endpoint)>>);

impl Endpoints {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn insert(&mut self, peer: PeerId, end: Endpoint) {
        let index = peer.index();
        if index >= self.0.len() {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some((peer, end));
    }

    pub(crate) fn get(&self, peer: PeerId) -> Option<&Endpoint> {
        let (other, end) = self.0.get(peer.index())?.as_ref()?;
        (*other == peer).then_some(end)
    }

    pub(crate) fn pipe(&mut self, peer: PeerId) -> Option<&mut Pipe> {
        match self.0.get_mut(peer.index())? {
            Some((other, Endpoint::Client(pipe))) if *other == peer => Some(pipe),
            _ => None,
        }
    }

    pub(crate) fn remove(&mut self, peer: PeerId) -> Option<Endpoint> {
        self.get(peer)?;
        self.remove_at(peer.index())
    }

    pub(crate) fn remove_at(&mut self, index: usize) -> Option<Endpoint> {
        self.0.get_mut(index)?.take().map(|(_, end)| end)
    }

    /// Returns the peer with this index.
    pub(crate) fn peer(&self, index: usize) -> Option<PeerId> {
        Some(self.0.get(index)?.as_ref()?.0)
    }
}
