//! Driver of a broker: its machine, its endpoints, its storage and its timer.

use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use core::cell::{Cell, RefCell};
use core::time::Duration;

use wasm_bindgen::JsValue;

use crate::broker::{Answer, Batch, BatchId, Broker, Event, HostMessage, Output, PeerId, Question, QuestionId};
use crate::codec::ReasonCode;
use crate::wasm::broker::endpoints::{Endpoint, Endpoints};
use crate::wasm::broker::hooks::{self, Asker};
use crate::wasm::broker::own_subscriptions;
use crate::wasm::broker::peer_socket::PeerSocket;
use crate::wasm::broker::storage::Storage;
use crate::wasm::broker::to_js;
use crate::wasm::js::callbacks::Host;
use crate::wasm::js::clock::{fine, now, time_of_day};
use crate::wasm::js::timer::Timer;
use crate::wasm::link::{BrokerEnd, ClientEnd, Link, Pipe, SLICE_BYTES};
use js_sys::{Function, Uint8Array};

/// Driver of a broker.
pub(crate) struct BrokerDriver {
    state: RefCell<State>,
    is_draining: Cell<bool>,
    /// Beginning of the turn, by the fine clock.
    turn_began: Cell<Option<Duration>>,
    /// Receiver of the messages for the page's own subscriptions.
    host: Host,
}

/// Mutable state, borrowed shortly, and never during a call to the outside that can call back.
struct State {
    machine: Broker,
    endpoints: Endpoints,
    /// Peers whose pipe has more bytes, which the broker takes.
    flowing: VecDeque<PeerId>,
    timer: Timer,
    listener: Option<Function>,
    storage: Option<Storage>,
    asker: Option<Asker>,
}

/// One output, with nothing borrowed.
enum Step {
    /// The client has bytes to read.
    Fed(Rc<dyn ClientEnd>),
    /// All bytes of the client were taken.
    Taken(Rc<dyn ClientEnd>),
    Transmit(Rc<PeerSocket>, Uint8Array),
    Resume(Rc<PeerSocket>),
    Close(Endpoint),
    Event(Option<Function>, Event),
    Message(HostMessage),
    Store(Storage, f64, Uint8Array),
    Ask(Option<Asker>, QuestionId, Option<PeerId>, Question),
    /// No action, since the client is gone.
    Nothing,
}

impl BrokerDriver {
    pub(crate) fn new(host: Host, machine: Broker) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let driver = Weak::clone(this);
            let timer = Timer::new(move || {
                if let Some(driver) = driver.upgrade() {
                    driver.on_timer();
                }
            });
            let (endpoints, flowing) = (Endpoints::new(), VecDeque::new());
            let state = State { machine, endpoints, flowing, timer, listener: None, storage: None, asker: None };
            let (is_draining, turn_began) = (Cell::new(false), Cell::new(None));
            Self { state: RefCell::new(state), is_draining, turn_began, host }
        })
    }

    /// Opens a link for the client. The caller drains, once the client has its end.
    pub(crate) fn link(self: &Rc<Self>, client: Weak<dyn ClientEnd>) -> Link {
        let state = &mut *self.state.borrow_mut();
        let peer = state.machine.accept(now());
        state.endpoints.insert(peer, Endpoint::Client(Pipe::new(client)));
        Link::new(Rc::clone(self) as Rc<dyn BrokerEnd>, peer)
    }

    /// Accepts the peer behind a socket and returns its index. The caller drains, here and below.
    pub(crate) fn accept(&self, socket: PeerSocket, username: Option<&str>) -> usize {
        let state = &mut *self.state.borrow_mut();
        let peer = state.machine.accept(now());
        if let Some(username) = username {
            state.machine.set_username(peer, username);
        }
        state.endpoints.insert(peer, Endpoint::PeerSocket(Rc::new(socket)));
        peer.index()
    }

    /// Runs the machine for the peer with this index. Returns `other` if there is none.
    pub(crate) fn run_for<T>(&self, index: usize, other: T, action: impl FnOnce(&mut Broker, PeerId) -> T) -> T {
        self.begin_turn();
        let state = &mut *self.state.borrow_mut();
        match state.endpoints.peer(index) {
            Some(peer) => action(&mut state.machine, peer),
            None => other,
        }
    }

    /// Handles the close of a peer's socket.
    pub(crate) fn on_closed(&self, index: usize) {
        self.run_for(index, (), |machine, peer| machine.handle_closed(peer, now()));
        self.state.borrow_mut().endpoints.remove_at(index);
    }

    /// Runs the machine, then acts on all its outputs.
    pub(crate) fn run<T>(&self, action: impl FnOnce(&mut Broker) -> T) -> T {
        self.begin_turn();
        let result = action(&mut self.state.borrow_mut().machine);
        self.drain();
        result
    }

    /// Sets the storage for batches and runs the machine, then acts on all its outputs.
    pub(crate) fn restore<T>(&self, storage: Storage, action: impl FnOnce(&mut Broker) -> T) -> T {
        self.state.borrow_mut().storage = Some(storage);
        self.run(action)
    }

    /// Reads from the machine.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Broker) -> T) -> T {
        read(&self.state.borrow().machine)
    }

    /// Sets the listener for events; without one there are none.
    pub(crate) fn listen(&self, listener: Option<Function>) {
        let state = &mut *self.state.borrow_mut();
        state.machine.set_events(listener.is_some());
        state.listener = listener;
    }

    /// Sets the asker for questions.
    pub(crate) fn set_asker(&self, asker: Asker) {
        self.state.borrow_mut().asker = Some(asker);
    }

    /// Acts on all outputs of the machine.
    pub(crate) fn drain(&self) {
        if self.is_draining.replace(true) {
            return;
        }
        self.begin_turn();
        self.state.borrow_mut().tell_time_of_day();
        loop {
            let step = self.state.borrow_mut().next();
            match step {
                None => break,
                Some(Step::Fed(client)) => client.process(),
                Some(Step::Taken(client)) => client.on_taken(),
                Some(Step::Transmit(socket, frame)) => socket.transmit(&frame),
                Some(Step::Resume(socket)) => socket.resume(),
                Some(Step::Close(end)) => close(&end),
                Some(Step::Message(message)) => own_subscriptions::deliver(&self.host, &message),
                Some(Step::Event(listener, event)) => tell(listener.as_ref(), &event),
                Some(Step::Store(storage, batch, changes)) => storage.write(batch, &changes),
                Some(Step::Ask(Some(asker), id, peer, question)) => hooks::ask(&asker, id, peer, &question),
                // A question without a hook is one too many; refusing is the safe side.
                Some(Step::Ask(None, id, ..)) => {
                    let answer = Answer::Refuse(ReasonCode::NotAuthorized);
                    self.state.borrow_mut().machine.answer(id, answer, now());
                }
                Some(Step::Nothing) => {}
            }
        }
        self.is_draining.set(false);
        self.end_turn();
        self.set_timer();
    }

    /// Begins to measure a turn, unless it has begun.
    fn begin_turn(&self) {
        if self.turn_began.get().is_none() {
            self.turn_began.set(Some(fine()));
        }
    }

    /// Tells the machine how long the turn took.
    fn end_turn(&self) {
        if let Some(began) = self.turn_began.take() {
            self.state.borrow_mut().machine.note_turn_time(fine().saturating_sub(began));
        }
    }

    fn set_timer(&self) {
        let state = &mut *self.state.borrow_mut();
        state.timer.set(state.machine.next_deadline(), now());
    }

    fn on_timer(&self) {
        self.state.borrow_mut().timer.ran();
        self.run(|machine| machine.handle_timeout(now()));
    }
}

impl BrokerEnd for BrokerDriver {
    fn send(&self, peer: PeerId, bytes: &[u8]) {
        self.state.borrow_mut().send(peer, bytes);
    }

    fn takes_at_once(&self, peer: PeerId) -> bool {
        self.state.borrow_mut().endpoints.pipe(peer).is_none_or(|pipe| pipe.is_idle())
    }

    fn close(&self, peer: PeerId) {
        let State { endpoints, machine, .. } = &mut *self.state.borrow_mut();
        if endpoints.pipe(peer).is_some_and(Pipe::close) {
            endpoints.remove(peer);
            machine.handle_closed(peer, now());
        }
    }

    fn drain(&self) {
        Self::drain(self);
    }
}

impl State {
    /// Passes the time of day to the machine. Stored dates are by it, and outlive the clock of this
    /// process.
    fn tell_time_of_day(&mut self) {
        if self.storage.is_some() {
            self.machine.set_time_of_day(time_of_day(), now());
        }
    }

    fn next(&mut self) -> Option<Step> {
        let Some(output) = self.machine.poll_output() else { return self.flow() };
        Some(match output {
            Output::Transmit(peer, bytes) => match self.endpoints.get(peer) {
                Some(Endpoint::Client(pipe)) => match pipe.client() {
                    Some(client) => {
                        client.receive(bytes);
                        Step::Fed(client)
                    }
                    None => Step::Nothing,
                },
                Some(Endpoint::PeerSocket(socket)) => {
                    Step::Transmit(Rc::clone(socket), Uint8Array::new_from_slice(bytes))
                }
                None => Step::Nothing,
            },
            Output::Resume(peer) => match self.endpoints.get(peer) {
                Some(Endpoint::PeerSocket(socket)) => Step::Resume(Rc::clone(socket)),
                Some(Endpoint::Client(_)) | None => self.go_on(peer, true),
            },
            Output::Close(peer) => self.endpoints.remove(peer).map_or(Step::Nothing, Step::Close),
            Output::Store(id, batch) => store(self.storage.as_ref(), id, batch),
            Output::Ask { question, peer, ask } => Step::Ask(self.asker.clone(), question, peer, ask),
            Output::Message(message) => Step::Message(message),
            Output::Event(event) => Step::Event(self.listener.clone(), event),
        })
    }

    /// Handles bytes from a client in the page.
    fn send(&mut self, peer: PeerId, bytes: &[u8]) {
        // Bytes of a closed client are dropped.
        let Some(pipe) = self.endpoints.pipe(peer) else { return };
        if pipe.is_idle() {
            if bytes.len() <= SLICE_BYTES {
                pipe.is_stopped = !self.machine.handle_bytes(peer, bytes, now());
                return;
            }
            self.flowing.push_back(peer);
        }
        pipe.push(bytes);
    }

    /// Passes the next waiting bytes to the machine, once it has no output.
    fn flow(&mut self) -> Option<Step> {
        let peer = self.flowing.pop_front()?;
        let Some(pipe) = self.endpoints.pipe(peer) else { return Some(Step::Nothing) };
        let goes_on = self.machine.handle_bytes(peer, pipe.slice(), now());
        Some(self.go_on(peer, goes_on))
    }

    /// Resumes or stops reading from a client in the page.
    fn go_on(&mut self, peer: PeerId, goes_on: bool) -> Step {
        let Some(pipe) = self.endpoints.pipe(peer) else { return Step::Nothing };
        pipe.is_stopped = !goes_on;
        if !pipe.free_if_drained() {
            if goes_on {
                self.flowing.push_back(peer);
            }
        } else if pipe.is_closed {
            self.endpoints.remove(peer);
            self.machine.handle_closed(peer, now());
        } else if goes_on {
            return pipe.client().map_or(Step::Nothing, Step::Taken);
        }
        Step::Nothing
    }
}

fn store(storage: Option<&Storage>, id: BatchId, batch: &Batch) -> Step {
    // There is a storage, since it was set before the first batch.
    let Some(storage) = storage else { return Step::Nothing };
    #[expect(clippy::cast_precision_loss, reason = "nobody makes 2^53 batches")]
    let number = id.get() as f64;
    Step::Store(storage.clone(), number, Uint8Array::new_from_slice(batch.as_bytes()))
}

fn close(end: &Endpoint) {
    match end {
        Endpoint::Client(pipe) => {
            if let Some(client) = pipe.client() {
                client.on_closed();
            }
        }
        Endpoint::PeerSocket(socket) => socket.close(),
    }
}

fn tell(listener: Option<&Function>, event: &Event) {
    if let Some(listener) = listener {
        // The face's listener does not throw.
        let _ = listener.call1(&JsValue::UNDEFINED, &to_js::event(event));
    }
}
