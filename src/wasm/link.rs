//! The link between a client and the broker in the same page: bytes, handed over inside WebAssembly.

use alloc::rc::{Rc, Weak};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use wasm_bindgen::JsValue;

use super::clock::now;
use super::js::Listener;
use super::report;
use super::shell::ClientShell;
use super::timer::Timer;
use super::transport::Transport;
use crate::broker::{Broker, Event, Output, PeerId};

/// One client's end. Dropped, it closes as a transport does that fails.
pub(super) struct Link {
    broker: Rc<BrokerShell>,
    peer: PeerId,
}

impl Link {
    /// Hands the bytes to the broker, which the caller runs with nothing borrowed.
    pub(super) fn send(&self, bytes: &[u8]) -> Rc<BrokerShell> {
        self.broker.state.borrow_mut().machine.handle_bytes(self.peer, bytes, now());
        Rc::clone(&self.broker)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let peer = self.peer;
        self.broker.state.borrow_mut().clients.remove(peer);
        self.broker.run(|machine| machine.handle_closed(peer, now()));
    }
}

/// The shell of a broker: its machine, its links and its timer.
pub(super) struct BrokerShell {
    state: RefCell<State>,
    is_draining: Cell<bool>,
}

/// Borrowed shortly, and never while anything outside is called that can call back.
struct State {
    machine: Broker,
    clients: Linked,
    timer: Timer,
    listener: Option<Listener>,
}

/// Those that are linked, in the order of their peers. A client that is gone takes nothing any more.
struct Linked(Vec<(PeerId, Weak<ClientShell>)>);

/// One output with nothing borrowed.
enum Step {
    /// The client has bytes to read.
    Fed(Rc<ClientShell>),
    Close(Rc<ClientShell>),
    Event(Option<Listener>, Event),
    /// For a client that is gone.
    Nothing,
}

impl BrokerShell {
    pub(super) fn new(machine: Broker) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let shell = Weak::clone(this);
            let timer = Timer::new(move || {
                if let Some(shell) = shell.upgrade() {
                    shell.on_timer();
                }
            });
            let state = State { machine, clients: Linked(Vec::new()), timer, listener: None };
            Self { state: RefCell::new(state), is_draining: Cell::new(false) }
        })
    }

    /// Opens a link for the client.
    pub(super) fn link(self: &Rc<Self>, client: &Rc<ClientShell>) {
        let peer = {
            let state = &mut *self.state.borrow_mut();
            let peer = state.machine.accept(now());
            state.clients.insert(peer, client);
            peer
        };
        client.set_transport(Transport::Link(Link { broker: Rc::clone(self), peer }));
        client.on_open();
        // It may be closed at once, for want of room.
        self.drain();
    }

    /// Runs the machine, then acts on all its outputs.
    pub(super) fn run<T>(&self, action: impl FnOnce(&mut Broker) -> T) -> T {
        let result = action(&mut self.state.borrow_mut().machine);
        self.drain();
        result
    }

    /// Reads from the machine.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Broker) -> T) -> T {
        read(&self.state.borrow().machine)
    }

    /// Events go to the listener from now on; without one there are none.
    pub(super) fn listen(&self, listener: Option<Listener>) {
        let state = &mut *self.state.borrow_mut();
        state.machine.set_events(listener.is_some());
        state.listener = listener;
    }

    /// Acts on all that the machine has.
    pub(super) fn drain(&self) {
        if self.is_draining.replace(true) {
            return;
        }
        loop {
            let step = self.state.borrow_mut().next();
            match step {
                None => break,
                Some(Step::Fed(client)) => client.on_fed(),
                Some(Step::Close(client)) => client.on_closed(),
                Some(Step::Event(listener, event)) => tell(listener.as_ref(), &event),
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

impl Linked {
    fn insert(&mut self, peer: PeerId, client: &Rc<ClientShell>) {
        let place = self.place(peer).unwrap_or_else(|place| place);
        self.0.insert(place, (peer, Rc::downgrade(client)));
    }

    fn get(&self, peer: PeerId) -> Option<Rc<ClientShell>> {
        let place = self.place(peer).ok()?;
        self.0[place].1.upgrade()
    }

    fn remove(&mut self, peer: PeerId) -> Option<Rc<ClientShell>> {
        let place = self.place(peer).ok()?;
        self.0.remove(place).1.upgrade()
    }

    fn place(&self, peer: PeerId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&peer, |(other, _)| *other)
    }
}

impl State {
    fn next(&mut self) -> Option<Step> {
        Some(match self.machine.poll_output()? {
            Output::Transmit(peer, bytes) => match self.clients.get(peer) {
                Some(client) => {
                    client.feed(bytes);
                    Step::Fed(client)
                }
                None => Step::Nothing,
            },
            Output::Close(peer) => match self.clients.remove(peer) {
                Some(client) => Step::Close(client),
                None => Step::Nothing,
            },
            // The options ask for none.
            Output::Ask { .. } => Step::Nothing,
            Output::Event(event) => Step::Event(self.listener.clone(), event),
        })
    }
}

fn tell(listener: Option<&Listener>, event: &Event) {
    if let Some(listener) = listener {
        // The face's does not throw.
        let _ = listener.call(&JsValue::UNDEFINED, &report::event(event));
    }
}
