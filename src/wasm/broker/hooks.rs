//! Asker: authentication and authorization questions to the face, and the answers to them.

use alloc::vec::Vec;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::broker::{Answer, Credentials, PeerId, Question, QuestionId};
use crate::codec::ReasonCode;
use crate::wasm::convert::broker_event::{action_name, version_number};
use js_sys::Uint8Array;

#[wasm_bindgen]
extern "C" {
    /// Callbacks into the face for a broker's questions. No callback throws, and each may call the
    /// module.
    #[derive(Clone)]
    pub type Asker;

    #[wasm_bindgen(method)]
    fn authenticate(
        this: &Asker,
        question: f64,
        client_id: &str,
        username: Option<&str>,
        password: Option<Uint8Array>,
        version: u8,
    );

    /// `peer` is the same for the steps of one exchange.
    #[wasm_bindgen(method)]
    fn enhanced(
        this: &Asker,
        question: f64,
        client_id: &str,
        username: Option<&str>,
        password: Option<Uint8Array>,
        method_name: &str,
        data: Option<Uint8Array>,
        again: bool,
        first: bool,
        peer: usize,
    );

    #[wasm_bindgen(method)]
    fn authorize(
        this: &Asker,
        question: f64,
        client_id: &str,
        username: Option<&str>,
        action: &str,
        topic: &str,
        qos: u8,
        retain: bool,
    );
}

/// Sends a question to the face.
#[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
pub(crate) fn ask(asker: &Asker, id: QuestionId, peer: Option<PeerId>, question: &Question) {
    let id = id.0 as f64;
    match question {
        Question::Authenticate(Credentials { client_id, username, password, version }) => {
            let password = bytes(password.as_deref());
            asker.authenticate(id, client_id, username.as_deref(), password, version_number(*version));
        }
        Question::Enhanced { credentials, method, data, again, first } => {
            let Credentials { client_id, username, password, .. } = credentials;
            let (password, data) = (bytes(password.as_deref()), bytes(data.as_deref()));
            let peer = peer.map_or(0, PeerId::index);
            asker.enhanced(id, client_id, username.as_deref(), password, method, data, *again, *first, peer);
        }
        Question::Authorize { client_id, username, action, topic, qos, retain } => {
            asker.authorize(id, client_id, username.as_deref(), action_name(*action), topic, qos.bits(), *retain);
        }
    }
}

/// Returns the answer for a reason code: success, to be continued, or a refusal. Data comes only
/// with enhanced authentication.
pub(crate) fn answer(reason: u8, data: Option<Vec<u8>>) -> Answer {
    match (ReasonCode::from_value(reason), data) {
        (Some(ReasonCode::Success), None) => Answer::Allow,
        (Some(ReasonCode::Success), Some(data)) => Answer::Complete(data.into()),
        (Some(ReasonCode::ContinueAuthentication), data) => Answer::Continue(data.unwrap_or_default().into()),
        (Some(reason), _) => Answer::Refuse(reason),
        (None, _) => Answer::Refuse(ReasonCode::NotAuthorized),
    }
}

/// Returns the question with this number of the face.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a number that the face was given")]
pub(crate) const fn question(number: f64) -> QuestionId {
    QuestionId(number as u64)
}

fn bytes(bytes: Option<&[u8]>) -> Option<Uint8Array> {
    bytes.map(Uint8Array::new_from_slice)
}
