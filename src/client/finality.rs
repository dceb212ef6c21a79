//! Finality of the end of an attempt or a connection: whether another attempt makes sense.

use super::CloseReason;
use crate::codec::ReasonCode;

impl CloseReason {
    /// True if another attempt would meet the same answer, so that the life of the client is over.
    ///
    /// | reason | CONNACK | DISCONNECT |
    /// |---|---|---|
    /// | 0x81 malformed packet, 0x82 protocol error | final | final |
    /// | 0x84 unsupported version (after the fallback to 3.1.1, if that is on) | final | |
    /// | 0x85 client identifier not valid | final | |
    /// | 0x86 bad user name or password, 0x87 not authorized, 0x8A banned, 0x8C bad authentication method | final | final |
    /// | 0x8E session taken over: another client has the identifier, and the two would fight | | final |
    /// | 0x90 topic name invalid, 0x99 payload format invalid, 0x9A retain not supported, 0x9B QoS not supported: in CONNACK they are about the will | final | retry |
    /// | 0x95 packet too large: in CONNACK it is about CONNECT | final | retry |
    /// | 0x9C use another server, 0x9D server moved | retry, there | retry, there |
    /// | all others: server busy, unavailable or shutting down, quotas and rates, administrative action, … | retry | retry |
    ///
    /// | other end | |
    /// |---|---|
    /// | the caller disconnected | final |
    /// | the options make no CONNECT | final |
    /// | the host ended the exchange of enhanced authentication | final |
    /// | the broker sent bytes that are no packet, or a packet that it must not send | final |
    /// | the host could not open a transport | as the host says: [`Client::handle_failed`](super::Client::handle_failed) |
    /// | connect timeout, keep alive timeout, lost transport, renewal of credentials | retry |
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Requested
            | Self::Options(_)
            | Self::AuthenticationFailed
            | Self::Malformed(_)
            | Self::ProtocolError { .. } => true,
            Self::Refused { reason, .. } => is_final(*reason) || is_about_connect(*reason),
            Self::Disconnected { reason, .. } => is_final(*reason),
            Self::OpenFailed { is_final } => *is_final,
            Self::KeepAliveTimeout | Self::ConnectTimeout | Self::TransportClosed | Self::CredentialsExpire => false,
        }
    }
}

const fn is_final(reason: ReasonCode) -> bool {
    matches!(
        reason,
        ReasonCode::MalformedPacket
            | ReasonCode::ProtocolError
            | ReasonCode::UnsupportedProtocolVersion
            | ReasonCode::ClientIdentifierNotValid
            | ReasonCode::BadUserNameOrPassword
            | ReasonCode::NotAuthorized
            | ReasonCode::Banned
            | ReasonCode::BadAuthenticationMethod
            | ReasonCode::SessionTakenOver
    )
}

/// True if the broker refuses the CONNECT that the client would send again.
const fn is_about_connect(reason: ReasonCode) -> bool {
    matches!(
        reason,
        ReasonCode::TopicNameInvalid
            | ReasonCode::PacketTooLarge
            | ReasonCode::PayloadFormatInvalid
            | ReasonCode::RetainNotSupported
            | ReasonCode::QoSNotSupported
    )
}
