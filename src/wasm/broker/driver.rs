//! The link between a client and the broker in the same page: bytes, handed over inside WebAssembly.

use alloc::collections::VecDeque;
use alloc::rc::{Rc, Weak};
use core::cell::{Cell, RefCell};

use wasm_bindgen::JsValue;

use crate::broker::{Answer, Batch, BatchId, Broker, Event, HostMessage, Output, PeerId, Question, QuestionId};
use crate::codec::ReasonCode;
use crate::wasm::broker::endpoints::{Endpoint, Endpoints};
use crate::wasm::broker::hooks::{self, Asker};
use crate::wasm::broker::link::{Pipe, SLICE_BYTES};
use crate::wasm::broker::own_subscriptions;
use crate::wasm::broker::peer_socket::PeerSocket;
use crate::wasm::broker::storage::Storage;
use crate::wasm::broker::to_js;
use crate::wasm::client::driver::ClientDriver;
use crate::wasm::client::transport::Transport;
use crate::wasm::js::callbacks::Host;
use crate::wasm::js::clock::now;
use crate::wasm::js::timer::Timer;
use js_sys::{Function, Uint8Array};

/// One client's end. Dropped, it closes as a transport does that fails: behind what was sent.
pub(crate) struct Link {
    broker: Rc<BrokerDriver>,
    peer: PeerId,
    /// How many messages the host waits for until the broker has taken them.
    waiting: Cell<u32>,
}

impl Link {
    /// Hands the bytes to the broker, which the caller runs with nothing borrowed.
    pub(crate) fn send(&self, bytes: &[u8]) -> Rc<BrokerDriver> {
        self.broker.state.borrow_mut().send(self.peer, bytes);
        Rc::clone(&self.broker)
    }

    /// The number of a message that is sent now, if the broker has first to take what came before: below 0, where no request
    /// has one.
    pub(crate) fn wait(&self) -> Option<f64> {
        self.broker.state.borrow_mut().endpoints.pipe(self.peer).filter(|pipe| !pipe.is_idle())?;
        self.waiting.set(self.waiting.get() + 1);
        Some(-f64::from(self.waiting.get()))
    }

    /// The broker has taken all: how many messages waited.
    pub(crate) fn taken(&self) -> u32 {
        self.waiting.take()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let peer = self.peer;
        {
            let State { endpoints, machine, .. } = &mut *self.broker.state.borrow_mut();
            if endpoints.pipe(peer).is_some_and(Pipe::close) {
                endpoints.remove(peer);
                machine.handle_closed(peer, now());
            }
        }
        self.broker.drain();
    }
}

/// Driver of a broker: its machine, its links and its timer.
pub(crate) struct BrokerDriver {
    state: RefCell<State>,
    is_draining: Cell<bool>,
    /// Who takes what the page itself has subscribed to.
    host: Host,
}

/// Borrowed shortly, and never while anything outside is called that can call back.
struct State {
    machine: Broker,
    endpoints: Endpoints,
    /// Those whose pipe has more for the broker, which takes it.
    flowing: VecDeque<PeerId>,
    timer: Timer,
    listener: Option<Function>,
    storage: Option<Storage>,
    asker: Option<Asker>,
}

/// One output with nothing borrowed.
enum Step {
    /// The client has bytes to read.
    Fed(Rc<ClientDriver>),
    /// All that the client has sent was taken.
    Taken(Rc<ClientDriver>),
    Transmit(Rc<PeerSocket>, Uint8Array),
    Resume(Rc<PeerSocket>),
    Close(Endpoint),
    Event(Option<Function>, Event),
    Message(HostMessage),
    Store(Storage, f64, Uint8Array),
    Ask(Option<Asker>, QuestionId, Option<PeerId>, Question),
    /// For a client that is gone.
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
            Self { state: RefCell::new(state), is_draining: Cell::new(false), host }
        })
    }

    /// Opens a link for the client.
    pub(crate) fn link(self: &Rc<Self>, client: &Rc<ClientDriver>) {
        let peer = {
            let state = &mut *self.state.borrow_mut();
            let peer = state.machine.accept(now());
            state.endpoints.insert(peer, Endpoint::Client(Pipe::new(Rc::downgrade(client))));
            peer
        };
        client.set_transport(Transport::Link(Link { broker: Rc::clone(self), peer, waiting: Cell::new(0) }));
        client.on_open();
        // It may be closed at once, for want of room.
        self.drain();
    }

    /// Lets a peer in that is behind a port; gives its index. The caller drains, here and below.
    pub(crate) fn accept(&self, port: PeerSocket) -> usize {
        let state = &mut *self.state.borrow_mut();
        let peer = state.machine.accept(now());
        state.endpoints.insert(peer, Endpoint::PeerSocket(Rc::new(port)));
        peer.index()
    }

    /// Runs the machine for the peer with this index; gives the other value if there is none.
    pub(crate) fn run_for<T>(&self, index: usize, other: T, action: impl FnOnce(&mut Broker, PeerId) -> T) -> T {
        let state = &mut *self.state.borrow_mut();
        match state.endpoints.peer(index) {
            Some(peer) => action(&mut state.machine, peer),
            None => other,
        }
    }

    /// The socket of a peer behind a port closed.
    pub(crate) fn on_closed(&self, index: usize) {
        self.run_for(index, (), |machine, peer| machine.handle_closed(peer, now()));
        self.state.borrow_mut().endpoints.remove_at(index);
    }

    /// Runs the machine, then acts on all its outputs.
    pub(crate) fn run<T>(&self, action: impl FnOnce(&mut Broker) -> T) -> T {
        let result = action(&mut self.state.borrow_mut().machine);
        self.drain();
        result
    }

    /// Batches go to this storage from now on. Runs the machine, then acts on all its outputs.
    pub(crate) fn restore<T>(&self, storage: Storage, action: impl FnOnce(&mut Broker) -> T) -> T {
        self.state.borrow_mut().storage = Some(storage);
        self.run(action)
    }

    /// Reads from the machine.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Broker) -> T) -> T {
        read(&self.state.borrow().machine)
    }

    /// Events go to the listener from now on; without one there are none.
    pub(crate) fn listen(&self, listener: Option<Function>) {
        let state = &mut *self.state.borrow_mut();
        state.machine.set_events(listener.is_some());
        state.listener = listener;
    }

    /// Questions go to this asker from now on.
    pub(crate) fn set_asker(&self, asker: Asker) {
        self.state.borrow_mut().asker = Some(asker);
    }

    /// Acts on all that the machine has.
    pub(crate) fn drain(&self) {
        if self.is_draining.replace(true) {
            return;
        }
        loop {
            let step = self.state.borrow_mut().next();
            match step {
                None => break,
                Some(Step::Fed(client)) => client.on_fed(),
                Some(Step::Taken(client)) => client.on_taken(),
                Some(Step::Transmit(port, frame)) => port.transmit(&frame),
                Some(Step::Resume(port)) => port.resume(),
                Some(Step::Close(end)) => close(&end),
                Some(Step::Message(message)) => own_subscriptions::deliver(&self.host, &message),
                Some(Step::Event(listener, event)) => tell(listener.as_ref(), &event),
                Some(Step::Store(storage, batch, changes)) => storage.write(batch, &changes),
                Some(Step::Ask(Some(asker), id, peer, question)) => hooks::ask(&asker, id, peer, &question),
                // Without anybody to ask, nobody allows it.
                Some(Step::Ask(None, id, ..)) => {
                    let answer = Answer::Refuse(ReasonCode::NotAuthorized);
                    self.state.borrow_mut().machine.answer(id, answer, now());
                }
                Some(Step::Nothing) => {}
            }
        }
        self.is_draining.set(false);
        self.set_timer();
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

impl State {
    fn next(&mut self) -> Option<Step> {
        let Some(output) = self.machine.poll_output() else { return self.flow() };
        Some(match output {
            Output::Transmit(peer, bytes) => match self.endpoints.get(peer) {
                Some(Endpoint::Client(pipe)) => match pipe.client() {
                    Some(client) => {
                        client.feed(bytes);
                        Step::Fed(client)
                    }
                    None => Step::Nothing,
                },
                Some(Endpoint::PeerSocket(port)) => Step::Transmit(Rc::clone(port), Uint8Array::new_from_slice(bytes)),
                None => Step::Nothing,
            },
            Output::Resume(peer) => match self.endpoints.get(peer) {
                Some(Endpoint::PeerSocket(port)) => Step::Resume(Rc::clone(port)),
                Some(Endpoint::Client(_)) | None => self.go_on(peer, true),
            },
            Output::Close(peer) => self.endpoints.remove(peer).map_or(Step::Nothing, Step::Close),
            Output::Store(id, batch) => store(self.storage.as_ref(), id, batch),
            Output::Ask { question, peer, ask } => Step::Ask(self.asker.clone(), question, peer, ask),
            Output::Message(message) => Step::Message(message),
            Output::Event(event) => Step::Event(self.listener.clone(), event),
        })
    }

    /// Bytes from a client in the page.
    fn send(&mut self, peer: PeerId, bytes: &[u8]) {
        // Those of one that is closed are nobody's.
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

    /// Once the machine has nothing to do: hands over the next of what waits.
    fn flow(&mut self) -> Option<Step> {
        let peer = self.flowing.pop_front()?;
        let Some(pipe) = self.endpoints.pipe(peer) else { return Some(Step::Nothing) };
        let goes_on = self.machine.handle_bytes(peer, pipe.slice(), now());
        Some(self.go_on(peer, goes_on))
    }

    /// The broker takes more of a client in the page, or no more.
    fn go_on(&mut self, peer: PeerId, goes_on: bool) -> Step {
        let Some(pipe) = self.endpoints.pipe(peer) else { return Step::Nothing };
        pipe.is_stopped = !goes_on;
        if !pipe.is_drained() {
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
    // There is one, since it came before the first batch.
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
        Endpoint::PeerSocket(port) => port.close(),
    }
}

fn tell(listener: Option<&Function>, event: &Event) {
    if let Some(listener) = listener {
        // The face's does not throw.
        let _ = listener.call1(&JsValue::UNDEFINED, &to_js::event(event));
    }
}
