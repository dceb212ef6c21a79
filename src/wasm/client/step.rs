//! Steps of a client's driver: outputs of its machine with nothing borrowed.

#[cfg(feature = "broker")]
use alloc::rc::Rc;
use alloc::string::String;

#[cfg(feature = "full")]
use crate::client::ChallengeId;
use crate::client::{Attempt, Client, CloseReason, Completion, Lost, Notice, Output, RequestError, RequestId, Server};
use crate::codec::Version;
use crate::time::{Time, millis};
use crate::wasm::client::incoming::Arrival;
use crate::wasm::client::packet_tap::PacketTap;
use crate::wasm::client::received_properties;
use crate::wasm::client::transport::Transport;
#[cfg(feature = "broker")]
use crate::wasm::client::yield_to_page::PageYield;
use crate::wasm::js::callbacks::Host;
use crate::wasm::js::timer::Timer;
#[cfg(feature = "broker")]
use crate::wasm::link::BrokerEnd;
use js_sys::{Array, Uint8Array};
use web_sys::WebSocket;

/// Mutable state, borrowed shortly, and never during a call to the outside that can call back.
pub(crate) struct State {
    pub(crate) machine: Client,
    pub(crate) transport: Option<Transport>,
    pub(crate) timer: Timer,
    pub(crate) tap: Option<PacketTap>,
    #[cfg(feature = "broker")]
    pub(crate) pause: PageYield,
}

/// Outputs to act on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Outputs for the host, from received bytes.
    Received,
    /// Packets to send as well.
    All,
    /// All but outputs from received bytes, which wait for the next slice.
    Transmit,
}

/// One output, with nothing borrowed.
pub(crate) enum Step {
    Message(Arrival),
    Connected(bool, Array, f64),
    #[cfg(feature = "full")]
    Authenticate(ChallengeId, Array),
    Notice(Notice),
    Done(RequestId, Result<Completion, RequestError>, Option<Array>),
    /// A batch for the store, with its number.
    #[cfg(feature = "full")]
    Store(f64, Uint8Array),
    /// Bytes to send, and true if packets were recorded.
    Transmit(Frame, bool),
    /// Question for a transport: the attempt, the version, the server's index, or its reference.
    Open(Attempt, Version, usize, Option<String>),
    /// End of an attempt or of the life, with the moment of the next attempt.
    Closed(CloseReason, Option<Array>, Option<Time>, Option<Transport>),
}

/// Bytes to send, with their transport.
pub(crate) enum Frame {
    Socket(WebSocket, Uint8Array),
    #[cfg(feature = "broker")]
    Link(Rc<dyn BrokerEnd>),
    Nowhere,
}

impl State {
    /// Returns the step for the end of an attempt.
    fn closed(&mut self, reason: CloseReason, retry_at: Option<Time>) -> Step {
        let properties = received_properties::read_some(self.machine.answer_properties());
        Step::Closed(reason, properties, retry_at, self.transport.take())
    }

    /// Returns the next output of the scope.
    pub(crate) fn next(&mut self, scope: Scope, host: &Host) -> Option<Step> {
        let output = self.machine.poll(scope != Scope::Transmit, scope != Scope::Received);
        Some(match output? {
            Output::Message(incoming) => {
                // Bytes from a link are in no frame of the host.
                let is_framed = matches!(self.transport, Some(Transport::Socket(_)));
                Step::Message(Arrival::new(&incoming, is_framed))
            }
            Output::Connected(connected) => {
                #[expect(clippy::cast_precision_loss, reason = "no absence has 2^53 milliseconds")]
                let absence = connected.absence.map_or(-1.0, |absence| millis(absence) as f64);
                Step::Connected(connected.session_present, received_properties::read(connected.properties), absence)
            }
            #[cfg(not(feature = "full"))]
            Output::Authenticate(..) | Output::Store(..) => return None,
            #[cfg(feature = "full")]
            Output::Authenticate(challenge, properties) => {
                Step::Authenticate(challenge, received_properties::read(properties))
            }
            Output::Notice(notice) => Step::Notice(notice),
            Output::Done(id, result) => {
                Step::Done(id, result, received_properties::read_some(self.machine.answer_properties()))
            }
            #[cfg(feature = "full")]
            Output::Store(batch, changes) => {
                #[expect(clippy::cast_precision_loss, reason = "nobody makes 2^53 batches")]
                let number = batch.get() as f64;
                Step::Store(number, Uint8Array::new_from_slice(changes.as_bytes()))
            }
            Output::Transmit(bytes) => {
                if let Some(tap) = &mut self.tap {
                    tap.on_sent(bytes, host);
                }
                let frame = match &self.transport {
                    Some(Transport::Socket(socket)) => {
                        Frame::Socket(socket.handle(), Uint8Array::new_from_slice(bytes))
                    }
                    #[cfg(feature = "broker")]
                    Some(Transport::Link(link)) => Frame::Link(link.send(bytes)),
                    None => Frame::Nowhere,
                };
                Step::Transmit(frame, self.tap.is_some())
            }
            Output::Open { attempt, server } => {
                let (listed, reference) = match server {
                    Server::Listed(index) => (index, None),
                    Server::Referenced(text) => (0, Some(text.into())),
                };
                let version = self.machine.version();
                if let Some(tap) = &mut self.tap {
                    tap.reset(version);
                }
                Step::Open(attempt, version, listed, reference)
            }
            Output::Lost(Lost { reason, retry_at, .. }) => self.closed(reason, Some(retry_at)),
            Output::Closed(reason) => self.closed(reason, None),
        })
    }
}
