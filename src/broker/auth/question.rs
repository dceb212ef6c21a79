//! Questions to the host: who may connect, publish, subscribe and receive.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::broker::ids::{PeerId, QuestionId};
use crate::codec::{QoS, ReasonCode, Version};

/// Which questions the host is asked. None by default; what is not asked costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one kind of question")]
pub struct Asks {
    /// [`Question::Authenticate`], with every CONNECT without an authentication method.
    pub authenticate: bool,
    /// [`Question::Enhanced`]. Otherwise a CONNECT with an authentication method is refused with 0x8C.
    pub enhanced: bool,
    /// [`Question::Authorize`] with every PUBLISH of a client, and with the will of a CONNECT.
    pub publish: bool,
    /// [`Question::Authorize`] with every filter of a SUBSCRIBE.
    pub subscribe: bool,
    /// [`Question::Authorize`] with every message to every subscriber: each waits for its answer, in order. What waits when
    /// the broker ends is asked about again once it is restored from a store.
    pub receive: bool,
}

/// What the host is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this client connect?
    Authenticate(Credentials),
    /// What comes of this step of enhanced authentication (§4.12)?
    Enhanced {
        /// Who. There is no password when a client authenticates again.
        credentials: Credentials,
        /// The Authentication Method, which stays the same for the whole connection [MQTT-4.12.0-5].
        method: Box<str>,
        /// The Authentication Data of CONNECT or AUTH.
        data: Option<Box<[u8]>>,
        /// The client is connected, and authenticates again (§4.12.1).
        again: bool,
        /// The first step: of CONNECT, or of the AUTH that begins it again.
        first: bool,
    },
    /// May this client do this?
    Authorize {
        /// Who. Empty with the will of a client whose identifier is still to be assigned.
        client_id: Arc<str>,
        /// As whom it has connected.
        username: Option<Arc<str>>,
        /// What it wants to do.
        action: Action,
        /// The topic; with [`Action::Subscribe`] the topic filter, with `$share/…` if it is shared.
        topic: Box<str>,
        /// Of the PUBLISH, or asked for, or of the delivery.
        qos: QoS,
        /// The RETAIN flag; false with [`Action::Subscribe`].
        retain: bool,
    },
}

/// What a client wants to do with a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Publish to it.
    Publish,
    /// Subscribe to it: it is a filter.
    Subscribe,
    /// Be sent a message that was published to it.
    Receive,
}

/// Who wants to connect.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Empty if the client asks for one.
    pub client_id: Arc<str>,
    /// The User Name.
    pub username: Option<Arc<str>>,
    /// The Password.
    pub password: Option<Box<[u8]>>,
    /// The version that it speaks.
    pub version: Version,
}

/// What the host answers.
///
/// A reason that the packet cannot carry is told as 0x87, not authorized; 3.1.1 is told what it has: the nearest return
/// code of CONNACK, 0x80 in SUBACK, nothing of a PUBLISH. Data of more than 65,535 bytes, which no packet can carry, is a
/// refusal with 0x83.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Allow,
    /// No, for this reason.
    Refuse(ReasonCode),
    /// Enhanced authentication is complete, and the client is told this. A plain yes to other questions.
    Complete(Box<[u8]>),
    /// Enhanced authentication goes on: the client is asked this in AUTH. To other questions a refusal.
    Continue(Box<[u8]>),
}

/// A question for the host, with the connection that it is about; none if that is gone.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) id: QuestionId,
    pub(crate) peer: Option<PeerId>,
    pub(crate) question: Question,
}

impl fmt::Debug for Credentials {
    /// Without the password, so that no log shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id, username, version, .. } = self;
        let mut fields = f.debug_struct("Credentials");
        fields.field("client_id", client_id).field("username", username).field("version", version);
        fields.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::Credentials;
    use crate::codec::Version;

    #[test]
    fn a_password_is_not_shown() {
        let password = Some(b"secret".as_slice().into());
        let credentials = Credentials { client_id: "a".into(), username: None, password, version: Version::V5 };
        assert_eq!(format!("{credentials:?}"), r#"Credentials { client_id: "a", username: None, version: V5, .. }"#);
    }
}
