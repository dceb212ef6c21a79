//! Questions to the host: may a client connect, publish, subscribe, receive?

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::broker::ids::{PeerId, QuestionId};
use crate::codec::{QoS, ReasonCode, Version};
use crate::memory_meter::{block, shared_text};

/// Kinds of questions that the host is asked. By default none; a kind that is off costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one kind of question")]
pub struct Asks {
    /// [`Question::Authenticate`], for every CONNECT without an authentication method.
    pub authenticate: bool,
    /// [`Question::Enhanced`]. If false, a CONNECT with an authentication method is refused with
    /// 0x8C.
    pub enhanced: bool,
    /// [`Question::Authorize`] for every PUBLISH of a client, and for the will of a CONNECT.
    pub publish: bool,
    /// [`Question::Authorize`] for every filter of a SUBSCRIBE, and for every subscription of a
    /// session that another user resumes. Those that are refused end.
    pub subscribe: bool,
    /// [`Question::Authorize`] for every message to every subscriber. Each delivery waits for its
    /// answer, in order. After a restart, the deliveries that the store kept are asked about again,
    /// unless they were sent before. For another user of the session, all are.
    pub receive: bool,
}

/// A question to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this client connect?
    Authenticate(Credentials),
    /// Does this step of enhanced authentication succeed, continue or fail (§4.12)?
    Enhanced {
        /// The client. Its password is missing in a re-authentication.
        credentials: Credentials,
        /// The Authentication Method, which stays the same for the whole connection
        /// [MQTT-4.12.0-5].
        method: Box<str>,
        /// The Authentication Data of CONNECT or AUTH.
        data: Option<Box<[u8]>>,
        /// True for a re-authentication of a connected client (§4.12.1).
        again: bool,
        /// True for the first step, by CONNECT, or by the AUTH that begins a re-authentication.
        first: bool,
    },
    /// May this client do this action?
    Authorize {
        /// The client. Empty for the will of a client that asks for an assigned identifier.
        client_id: Arc<str>,
        /// The user name of its CONNECT.
        username: Option<Arc<str>>,
        /// The action.
        action: Action,
        /// The topic. For [`Action::Subscribe`] it is the topic filter, with `$share/…` if shared.
        topic: Box<str>,
        /// The quality of service of the PUBLISH, the requested one, or the one of the delivery.
        qos: QoS,
        /// The RETAIN flag; false for [`Action::Subscribe`].
        retain: bool,
    },
}

/// An action of a client on a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Publish to the topic.
    Publish,
    /// Subscribe to the topic filter.
    Subscribe,
    /// Receive a message of the topic.
    Receive,
}

/// Credentials of a client that connects.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The client identifier; empty if the client asks for an assigned one.
    pub client_id: Arc<str>,
    /// The User Name.
    pub username: Option<Arc<str>>,
    /// The Password.
    pub password: Option<Box<[u8]>>,
    /// The protocol version.
    pub version: Version,
}

/// An answer of the host.
///
/// A reason that the packet cannot carry is sent as 0x87, not authorized. In 3.1.1, CONNACK has the
/// nearest return code, SUBACK 0x80, and a PUBLISH has no refusal. Data of more than 65,535 bytes
/// fits no packet, and counts as a refusal with 0x83.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Allowed.
    Allow,
    /// Refused, with this reason.
    Refuse(ReasonCode),
    /// Enhanced authentication is complete, with this data for the client. For other questions, it
    /// means allowed.
    Complete(Box<[u8]>),
    /// Enhanced authentication continues: AUTH carries this data. For other questions, it means
    /// refused.
    Continue(Box<[u8]>),
}

impl Question {
    /// Returns the bytes of memory of the texts that no other holds.
    pub(crate) fn text_bytes(&self) -> usize {
        match self {
            Self::Authenticate(credentials) => credentials.text_bytes(),
            Self::Enhanced { credentials, method, data, .. } => {
                credentials.text_bytes() + block(method.len()) + block(data.as_ref().map_or(0, |data| data.len()))
            }
            Self::Authorize { topic, .. } => block(topic.len()),
        }
    }
}

impl Credentials {
    fn text_bytes(&self) -> usize {
        let username = self.username.as_deref().map_or(0, shared_text);
        shared_text(&self.client_id) + username + block(self.password.as_ref().map_or(0, |password| password.len()))
    }
}

/// A question with its identifier and its connection; `None` if the client is not connected.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) id: QuestionId,
    pub(crate) peer: Option<PeerId>,
    pub(crate) question: Question,
}

impl fmt::Debug for Credentials {
    /// Writes all but the password, so that no log shows it.
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
