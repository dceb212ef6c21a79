//! Socket of a peer that is no client of this module, owned by the face.

use wasm_bindgen::prelude::wasm_bindgen;

use js_sys::Uint8Array;

#[wasm_bindgen]
extern "C" {
    /// Callbacks into the face for a peer. No callback throws, and each may call the module.
    pub type PeerSocket;

    /// Sends a frame, which the callee then owns.
    #[wasm_bindgen(method)]
    pub(crate) fn transmit(this: &PeerSocket, frame: &Uint8Array);

    /// Resumes reading, after `receive` has returned false.
    #[wasm_bindgen(method)]
    pub(crate) fn resume(this: &PeerSocket);

    /// Closes the socket once all frames are sent. No call follows, and the peer's number is
    /// reused.
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &PeerSocket);
}
