//! A port: the way to a peer that is no client of this module, by a socket that the face has.

use wasm_bindgen::prelude::wasm_bindgen;

use js_sys::Uint8Array;

#[wasm_bindgen]
extern "C" {
    /// What the face does for a peer. None of its functions throws; from all of them the module may be called.
    pub type PeerSocket;

    /// Sends a frame, which is the callee's from now on.
    #[wasm_bindgen(method)]
    pub(crate) fn transmit(this: &PeerSocket, frame: &Uint8Array);

    /// Reads again, where it was told that no more is taken.
    #[wasm_bindgen(method)]
    pub(crate) fn resume(this: &PeerSocket);

    /// Closes behind what was sent: the last call. The peer's number is given to another from now on.
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &PeerSocket);
}
