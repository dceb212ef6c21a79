//! Enhanced authentication: the exchange of AUTH packets (MQTT 5.0 §4.12).

use alloc::vec::Vec;

use super::receive::Outcome;
use super::{Breach, CallError, Client, CloseReason, Completion, Core, Next, RequestError, RequestId, State};
use crate::codec::{Auth, Disconnect, EncodeError, Properties, PropertiesBuf, PropertyId, ReasonCode, Value, Version};
use crate::time::Time;

/// A challenge of the broker, by which the host answers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChallengeId(pub u32);

/// Where the exchange stands; of one connection but for its numbers.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// Re-authentication under way.
    again: Option<RequestId>,
    /// The challenge that waits for the host's answer.
    open: Option<ChallengeId>,
    last: ChallengeId,
    /// Properties of the last [`Output::Authenticate`](super::Output::Authenticate).
    pub(super) properties: PropertiesBuf,
}

impl Exchange {
    /// Returns the last challenge.
    pub(super) const fn last(&self) -> ChallengeId {
        self.last
    }
}

impl Client {
    /// Sets the authentication data of the next CONNECT, as
    /// [`handle_credentials`](Self::handle_credentials). They go with
    /// [`ClientOptions::authentication_method`](super::ClientOptions::authentication_method).
    pub fn set_authentication_data(&mut self, data: Option<Vec<u8>>) {
        self.core.options.authentication_data = data;
    }

    /// Answers [`Output::Authenticate`](super::Output::Authenticate) with these data, in AUTH.
    ///
    /// # Errors
    /// [`CallError`], and nothing is sent: the challenge's connection is gone, or the packet is too
    /// large.
    pub fn authenticate(&mut self, challenge: ChallengeId, data: Option<&[u8]>, now: Time) -> Result<(), CallError> {
        self.core.now = now;
        self.core.answer_challenge(challenge, data)
    }

    /// Begins authentication anew on the living connection (§4.12.1). Ends in
    /// [`Completion::Authenticated`], perhaps after more of
    /// [`Output::Authenticate`](super::Output::Authenticate). A broker that refuses ends the
    /// connection.
    ///
    /// # Errors
    /// [`CallError`], and nothing is sent.
    pub fn reauthenticate(&mut self, data: Option<&[u8]>, now: Time) -> Result<RequestId, CallError> {
        self.core.now = now;
        self.core.reauthenticate(data)
    }

    /// Ends authentication under way: the host has no answer, or does not trust the broker. The
    /// connection ends with [`CloseReason::AuthenticationFailed`], or with
    /// [`CloseReason::ConnectTimeout`] if the broker owes the answer.
    pub fn refuse_authentication(&mut self, now: Time) {
        self.core.now = now;
        self.core.refuse_authentication();
    }
}

impl Core {
    /// An AUTH came.
    pub(super) fn on_auth(&mut self, auth: &Auth<'_>) -> Outcome {
        let Some(method) = self.options.method() else {
            return Err(const { &Breach::new("§4.12", "AUTH, but CONNECT had no authentication method") });
        };
        if !is_of(method, auth.properties) {
            return Err(ANOTHER_METHOD);
        }
        let connecting = !matches!(self.state, State::Connected { .. });
        match (auth.reason, self.exchange.again) {
            (ReasonCode::ContinueAuthentication, again) if connecting || again.is_some() => {
                if self.exchange.open.is_some() {
                    return Err(const { &Breach::new("§4.12", "AUTH before the client has answered the last one") });
                }
                self.exchange.last.0 += 1;
                self.exchange.open = Some(self.exchange.last);
                self.exchange.properties = auth.properties.to_buf();
                Ok(Some(Next::Authenticate))
            }
            (ReasonCode::Success, Some(request)) => {
                self.exchange.again = None;
                self.exchange.open = None;
                self.ends.answered(request, Ok(Completion::Authenticated), auth.properties.to_buf());
                Ok(None)
            }
            _ => Err(const { &Breach::new("§3.15.2.1", "AUTH with a reason that the broker must not send now") }),
        }
    }

    /// An accepting CONNACK ends the exchange, by the same method.
    pub(super) fn check_connack_method(&mut self, properties: Properties<'_>) -> Result<(), &'static Breach> {
        self.exchange.open = None;
        match self.options.method() {
            Some(method) if self.options.version == Version::V5 && !is_of(method, properties) => Err(ANOTHER_METHOD),
            _ => Ok(()),
        }
    }

    /// The connection is gone, and with it the exchange.
    pub(super) fn end_exchange(&mut self) {
        self.exchange.open = None;
        if let Some(request) = self.exchange.again.take() {
            self.ends.failed(request, RequestError::ConnectionClosed);
        }
    }

    /// Answers a challenge [MQTT-4.12.0-3].
    pub(super) fn answer_challenge(&mut self, challenge: ChallengeId, data: Option<&[u8]>) -> Result<(), CallError> {
        if self.exchange.open != Some(challenge) {
            return Err(CallError::NotConnected);
        }
        self.send_auth(ReasonCode::ContinueAuthentication, data)?;
        self.exchange.open = None;
        Ok(())
    }

    /// Begins authentication anew [MQTT-4.12.1-1].
    pub(super) fn reauthenticate(&mut self, data: Option<&[u8]>) -> Result<RequestId, CallError> {
        self.connected()?;
        let problem = if self.options.method().is_none() {
            "the client connected without an authentication method"
        } else if self.exchange.again.is_some() {
            "re-authentication is under way; wait for its end"
        } else {
            self.send_auth(ReasonCode::ReAuthenticate, data)?;
            let id = RequestId(self.next_request);
            self.next_request += 1;
            self.exchange.again = Some(id);
            return Ok(id);
        };
        Err(CallError::NotSupported { problem, reason: ReasonCode::BadAuthenticationMethod })
    }

    /// Ends the exchange, and the connection with it [MQTT-4.12.1-2].
    pub(super) fn refuse_authentication(&mut self) {
        if self.exchange.open.is_some() || self.exchange.again.is_some() {
            let reason = ReasonCode::UnspecifiedError;
            self.send_disconnect(Disconnect { reason, properties: Properties::EMPTY });
            // Without a challenge it is the broker that owes an answer.
            let is_ours = self.exchange.open.is_some();
            self.close(if is_ours { CloseReason::AuthenticationFailed } else { CloseReason::ConnectTimeout });
        }
    }

    fn send_auth(&mut self, reason: ReasonCode, data: Option<&[u8]>) -> Result<(), CallError> {
        let mut properties = PropertiesBuf::new();
        push_authentication(&mut properties, self.options.method(), data)?;
        let start = self.outgoing.len();
        let auth = Auth { reason, properties: properties.as_properties() };
        auth.encode(self.options.version, &mut self.outgoing)?;
        let State::Connected { limits, .. } = &self.state else { return Ok(()) };
        let checked = limits.check_size(self.outgoing.len() - start);
        checked.inspect_err(|_| self.outgoing.truncate(start))
    }
}

const ANOTHER_METHOD: &Breach =
    &Breach::new("MQTT-4.12.0-5", "AUTH or CONNACK has another authentication method than CONNECT");

fn is_of(method: &str, properties: Properties<'_>) -> bool {
    properties.text(PropertyId::AuthenticationMethod) == Some(method)
}

/// Appends method and data, of which the second needs the first.
pub(super) fn push_authentication(
    properties: &mut PropertiesBuf,
    method: Option<&str>,
    data: Option<&[u8]>,
) -> Result<(), EncodeError> {
    if let Some(method) = method {
        properties.push_value(PropertyId::AuthenticationMethod, Value::Text(method))?;
        if let Some(data) = data {
            properties.push_value(PropertyId::AuthenticationData, Value::Binary(data))?;
        }
    }
    Ok(())
}
