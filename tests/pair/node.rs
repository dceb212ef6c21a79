//! A node: a client with its host, which opens connections anew and records the client's outputs.

use std::collections::BTreeMap;

use wasmqtt::client::{Attempt, Client, ClientOptions, CloseReason, Completion, RequestError, RequestId};
use wasmqtt::codec::{QoS, Version};
use wasmqtt::time::Time;

pub(crate) struct Node {
    pub(crate) client: Client,
    pub(crate) version: Version,
    /// The client's number of its connection.
    pub(crate) attempt: Attempt,
    /// Its connection, as long as it knows of none but that.
    pub(crate) connection: Option<usize>,
    /// When its host opens the next one.
    pub(crate) opens_at: Option<Time>,
    /// Milliseconds after which its host opens a connection anew; `None`: never.
    pub(crate) patience: Option<u64>,
    pub(crate) heard: Vec<Heard>,
    /// When each request ended, and how.
    pub(crate) ends: BTreeMap<RequestId, (Time, Result<Completion, RequestError>)>,
    /// Session present, of each connection that was accepted.
    pub(crate) welcomes: Vec<bool>,
    /// How each connection ended.
    pub(crate) closes: Vec<(Time, CloseReason)>,
}

/// A message that a client heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) at: Time,
    pub(crate) topic: String,
    pub(crate) payload: String,
    pub(crate) qos: QoS,
    pub(crate) dup: bool,
    pub(crate) retain: bool,
}

impl Node {
    pub(crate) fn new(options: ClientOptions, patience: Option<u64>) -> Self {
        Self {
            version: options.version,
            client: Client::new(options),
            attempt: Attempt(0),
            connection: None,
            opens_at: None,
            patience,
            heard: Vec::new(),
            ends: BTreeMap::new(),
            welcomes: Vec::new(),
            closes: Vec::new(),
        }
    }

    pub(crate) fn payloads(&self) -> Vec<&str> {
        self.heard.iter().map(|heard| heard.payload.as_str()).collect()
    }

    pub(crate) fn reasons(&self) -> Vec<&CloseReason> {
        self.closes.iter().map(|(_, reason)| reason).collect()
    }

    /// How the request ended.
    pub(crate) fn end(&self, request: RequestId) -> Option<&Result<Completion, RequestError>> {
        self.ends.get(&request).map(|(_, end)| end)
    }

    /// When it ended.
    pub(crate) fn end_at(&self, request: RequestId) -> Option<Time> {
        self.ends.get(&request).map(|(at, _)| *at)
    }
}
