//! Driver of a client: its machine, its transport and its timer, and the order in which they run.
//!
//! Bytes from the socket go to the machine, and outputs for handlers are acted on at once. Packets
//! to send wait for the microtask at the end of the task, and share a frame. The effects of a
//! host's call wait likewise, so that the host is never called while it calls.

use alloc::rc::{Rc, Weak};
use core::cell::{Cell, RefCell};

use wasm_bindgen::JsValue;

use crate::client::{Attempt, Client};
use crate::codec::{Publish, Version};
use crate::time::Time;
use crate::wasm::client::outcome;
use crate::wasm::client::packet_tap::PacketTap;
use crate::wasm::client::request_number::RequestNumber;
use crate::wasm::client::slice::Slice;
use crate::wasm::client::socket::{self, Socket};
use crate::wasm::client::step::{Frame, Scope, State, Step};
use crate::wasm::client::task::{Callback, callback, queue_microtask};
use crate::wasm::client::transport::Transport;
#[cfg(feature = "broker")]
use crate::wasm::client::yield_to_page::PageYield;
use crate::wasm::js::callbacks::{Host, SocketEvent};
use crate::wasm::js::clock;
use crate::wasm::js::timer::Timer;
#[cfg(feature = "broker")]
use crate::wasm::link::{ClientEnd, Link};
use web_sys::WebSocket;

/// Length from which a payload is not copied in, if its message is alone in a frame.
const LARGE_FRAME_BYTES: usize = 4096;
/// Bytes of such a frame that are copied in: enough for nearly every topic and list of properties.
const HEAD_BYTES: usize = 512;

/// Driver of a client. It never moves, so that closures can have a `Weak` of it.
pub(crate) struct ClientDriver {
    host: Host,
    /// Version of the current connection.
    version: Cell<Version>,
    /// Attempt that the transport is for.
    attempt: Cell<Attempt>,
    state: RefCell<State>,
    /// True while outputs are acted on further up the stack, including those that are added.
    is_draining: Cell<bool>,
    /// This driver itself while a flush is queued: its closure must exist when the microtask runs.
    flush_owner: Cell<Option<Rc<Self>>>,
    /// Time of the current task. Reading the browser's clock costs as much as reading a message.
    task_time: Cell<Option<Time>>,
    /// True once the host is not called any more.
    is_freed: Cell<bool>,
    /// True if the transport closed while outputs were acted on. Bytes before that are read first.
    is_transport_gone: Cell<bool>,
    pub(crate) slice: Slice,
    /// Callback for the events of the socket.
    on_event: Callback,
    flush: Callback,
    this: Weak<Self>,
}

impl ClientDriver {
    pub(crate) fn new(host: Host, machine: Client) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| Self {
            host,
            version: Cell::new(machine.version()),
            attempt: Cell::default(),
            state: RefCell::new(State {
                machine,
                transport: None,
                timer: {
                    let this = Weak::clone(this);
                    Timer::new(move || {
                        if let Some(driver) = this.upgrade() {
                            driver.on_timer();
                        }
                    })
                },
                tap: None,
                #[cfg(feature = "broker")]
                pause: PageYield::default(),
            }),
            is_draining: Cell::new(false),
            flush_owner: Cell::new(None),
            task_time: Cell::new(None),
            is_freed: Cell::new(false),
            is_transport_gone: Cell::new(false),
            slice: Slice::default(),
            on_event: callback(this, Self::on_event),
            flush: callback(this, |driver, _| driver.flush()),
            this: Weak::clone(this),
        })
    }

    /// Returns the time, which is the same for all of a task.
    fn now(&self) -> Time {
        let now = self.task_time.get().unwrap_or_else(clock::now);
        self.task_time.set(Some(now));
        now
    }

    /// Runs the machine, whose outputs are acted on at the end of the task.
    pub(crate) fn run<T>(&self, action: impl FnOnce(&mut Client, Time) -> T) -> T {
        let now = self.now();
        let result = action(&mut self.state.borrow_mut().machine, now);
        if !self.is_draining.get() {
            self.queue_flush();
        }
        result
    }

    /// Looks at the machine.
    pub(crate) fn look<T>(&self, action: impl FnOnce(&Client) -> T) -> T {
        action(&self.state.borrow().machine)
    }

    /// Makes the socket the transport of this attempt. A socket for an earlier one is closed.
    pub(crate) fn open(&self, attempt: Attempt, socket: WebSocket) {
        if !self.is_opening(attempt) {
            let _ = socket.close();
            return;
        }
        let state = socket.ready_state();
        self.set_transport(attempt, Transport::Socket(Socket::attach(socket, &self.on_event)));
        // A socket that is closed already has no event.
        if state == WebSocket::OPEN {
            self.on_open();
        } else if state > WebSocket::OPEN {
            self.on_closed();
        }
    }

    /// True if this attempt waits for its transport.
    pub(crate) fn is_opening(&self, attempt: Attempt) -> bool {
        let state = self.state.borrow();
        state.transport.is_none() && state.machine.is_opening(attempt)
    }

    fn set_transport(&self, attempt: Attempt, transport: Transport) {
        self.attempt.set(attempt);
        // It was set for the transport before.
        self.is_transport_gone.set(false);
        self.slice.begin();
        self.state.borrow_mut().transport = Some(transport);
    }

    fn on_open(&self) {
        self.run(|machine, now| machine.handle_open(self.attempt.get(), now));
    }

    fn on_event(&self, event: &JsValue) {
        match self.host.frame(event) {
            SocketEvent::Frame(len) => self.on_frame(len),
            SocketEvent::Text => self.run(|machine, now| machine.handle_text(self.attempt.get(), now)),
            SocketEvent::State => self.on_state(),
        }
    }

    /// Handles a socket that opened or closed.
    fn on_state(&self) {
        let socket = match &self.state.borrow().transport {
            Some(Transport::Socket(socket)) => Some(socket.handle()),
            _ => None,
        };
        let is_open = socket.is_some_and(|socket| socket::is_open(&socket));
        if is_open { self.on_open() } else { self.on_closed() }
    }

    fn on_frame(&self, len: usize) {
        let is_watched = {
            let state = &mut *self.state.borrow_mut();
            let (attempt, now) = (self.attempt.get(), self.now());
            match &mut state.tap {
                None => {
                    // While outputs are acted on, another frame may come before this one is read.
                    let is_apart = state.machine.unread().is_empty() && !self.is_draining.get();
                    state.machine.handle_bytes_with(attempt, len, |buffer| self.fill(buffer, is_apart), now);
                    false
                }
                Some(tap) => {
                    let mut frame = vec![0; len];
                    self.host.fill(frame.as_mut_ptr() as usize, 0, len);
                    state.machine.handle_bytes(attempt, &frame, now);
                    tap.on_received(&frame, &self.host);
                    true
                }
            }
        };
        if is_watched {
            self.tell_packets();
        }
        self.drain();
    }

    /// Copies the current frame in. A large message's payload stays outside if its frame is its own
    /// (`is_apart`: no byte came before). The host then passes on a view of the frame.
    fn fill(&self, buffer: &mut [u8], is_apart: bool) {
        let (address, len) = (buffer.as_mut_ptr() as usize, buffer.len());
        let head = if is_apart && len >= LARGE_FRAME_BYTES { HEAD_BYTES } else { len };
        self.host.fill(address, 0, head);
        let is_enough = head == len
            || buffer.get(..head).is_some_and(|head| Publish::payload_start(head, len, self.version.get()).is_some());
        if !is_enough {
            self.host.fill(address + head, head, len);
        }
    }

    /// Makes the link to the broker in the page the transport of this attempt, which waits for one.
    #[cfg(feature = "broker")]
    pub(crate) fn open_link(&self, attempt: Attempt, link: Link) {
        self.set_transport(attempt, Transport::Link(link));
        self.on_open();
    }

    /// Returns the number of the message that is sent now, if the broker in the page does not take
    /// it at once.
    #[cfg(feature = "broker")]
    pub(crate) fn wait(&self) -> Option<RequestNumber> {
        match &self.state.borrow().transport {
            Some(Transport::Link(link)) => link.wait().map(RequestNumber::Link),
            Some(Transport::Socket(_)) | None => None,
        }
    }

    fn tell_packets(&self) {
        if !self.is_freed.get() {
            self.host.tell_packets();
        }
    }

    /// Handles a transport that closed or failed. Bytes that came before are still handled.
    pub(crate) fn on_closed(&self) {
        self.is_transport_gone.set(true);
        self.drain();
    }

    /// Closes the transport at once, as a crash would.
    pub(crate) fn kill(&self) {
        self.run(Client::kill);
    }

    /// Drops the socket, clears the timer, and calls the host no more.
    pub(crate) fn free(&self) {
        self.is_freed.set(true);
        let transport = {
            let state = &mut *self.state.borrow_mut();
            state.timer.clear();
            state.transport.take()
        };
        drop(transport);
    }

    /// Runs expired timers, if there are any.
    fn on_timeout(&self) {
        self.check(Client::handle_timeout);
    }

    /// Calls the machine, which first learns how many bytes wait in the socket.
    pub(crate) fn check(&self, action: fn(&mut Client, Time)) {
        let waiting = match &self.state.borrow().transport {
            Some(Transport::Socket(socket)) => Some(socket.handle()),
            _ => None,
        };
        let waiting = waiting.map_or(0, |socket| socket.buffered_amount() as usize);
        self.run(|machine, now| {
            machine.handle_waiting(waiting, now);
            action(machine, now);
        });
    }

    pub(crate) fn watch(&self, on: bool) {
        let state = &mut *self.state.borrow_mut();
        if on && state.tap.is_none() {
            state.tap = Some(PacketTap::new(self.version.get(), state.machine.unread()));
        } else if !on {
            state.tap = None;
        }
    }

    /// Acts on all outputs of the machine but packets to send.
    pub(crate) fn drain(&self) {
        if self.is_draining.replace(true) {
            return;
        }
        if !self.slice.is_paused() {
            self.act_on(Scope::Received);
        }
        self.is_draining.set(false);
        self.queue_flush();
    }

    fn queue_flush(&self) {
        if self.flush_owner.replace(self.this.upgrade()).is_some() {
            return;
        }
        #[cfg(feature = "broker")]
        if self.delay_flush() {
            return;
        }
        queue_microtask(self.flush.as_ref());
    }

    /// Delays the flush of a link if the page has not run for long. Returns true if a timer runs
    /// it.
    #[cfg(feature = "broker")]
    fn delay_flush(&self) -> bool {
        let State { transport, pause, .. } = &mut *self.state.borrow_mut();
        matches!(transport, Some(Transport::Link(_))) && pause.delay_flush(&self.this)
    }

    /// Notes that the page has run.
    #[cfg(feature = "broker")]
    pub(crate) fn on_page_ran(&self) {
        self.state.borrow_mut().pause.reset();
    }

    /// Acts on all outputs of the machine, and sets the timer.
    pub(crate) fn flush(&self) {
        self.flush_owner.set(None);
        if self.is_draining.replace(true) {
            return;
        }
        self.act_on(Scope::All);
        self.is_draining.set(false);
        if !self.is_freed.get() {
            self.set_timer();
        }
        self.task_time.set(None);
    }

    fn act_on(&self, scope: Scope) {
        let mut acted = 0_u32;
        while !self.is_freed.get() {
            let is_paused = self.slice.is_paused();
            let step = self.state.borrow_mut().next(if is_paused { Scope::Transmit } else { scope }, &self.host);
            match step {
                Some(step) => {
                    let is_connected = matches!(step, Step::Connected(..));
                    self.act(step);
                    acted += 1;
                    // After CONNACK, code that waited for it runs first, and can add handlers.
                    if (is_connected || self.is_slice_over(acted)) && !self.is_freed.get() {
                        self.slice.pause(&self.host);
                    }
                }
                // Bytes that wait are read before the end of the transport.
                None if !is_paused && self.is_transport_gone.replace(false) => {
                    self.state.borrow_mut().machine.handle_closed(self.attempt.get(), self.now());
                }
                None => break,
            }
        }
    }

    fn is_slice_over(&self, acted: u32) -> bool {
        !self.state.borrow().machine.unread().is_empty() && Slice::is_over(acted, self.now())
    }

    fn set_timer(&self) {
        let state = &mut *self.state.borrow_mut();
        state.timer.set(state.machine.next_deadline(), self.now());
    }

    fn on_timer(&self) {
        self.state.borrow_mut().timer.ran();
        self.on_timeout();
    }

    fn act(&self, step: Step) {
        match step {
            Step::Message(arrival) => arrival.deliver(&self.host),
            Step::Connected(session_present, properties, absence) => {
                let version = self.version.get().level();
                self.host.connected(session_present, &properties, absence, version);
            }
            #[cfg(feature = "full")]
            Step::Authenticate(challenge, properties) => self.host.authenticate(challenge.0, &properties),
            Step::Notice(notice) => outcome::tell_notice(&self.host, &notice),
            Step::Done(id, result, properties) => {
                outcome::tell_request(&self.host, RequestNumber::Machine(id).to_js(), result, properties);
            }
            #[cfg(feature = "full")]
            Step::Store(batch, changes) => self.host.store(batch, &changes),
            Step::Transmit(frame, is_watched) => {
                if is_watched {
                    self.tell_packets();
                }
                match frame {
                    Frame::Socket(socket, bytes) => socket::send(&socket, &bytes),
                    #[cfg(feature = "broker")]
                    Frame::Link(broker) => broker.drain(),
                    Frame::Nowhere => {}
                }
            }
            Step::Open(attempt, version, listed, reference) => {
                self.version.set(version);
                self.host.open(attempt.0, listed, reference.as_deref());
            }
            Step::Closed(reason, properties, retry_at, transport) => {
                drop(transport);
                let wait = retry_at.map(|at| at.saturating_since(self.now()).as_secs_f64() * 1000.0);
                outcome::tell_close(&self.host, &reason, properties, wait);
            }
        }
    }
}

#[cfg(feature = "broker")]
impl ClientEnd for ClientDriver {
    fn receive(&self, bytes: &[u8]) {
        let state = &mut *self.state.borrow_mut();
        state.machine.handle_bytes(self.attempt.get(), bytes, self.now());
        if let Some(tap) = &mut state.tap {
            tap.on_received(bytes, &self.host);
        }
    }

    fn process(&self) {
        let is_watched = self.state.borrow().tap.is_some();
        if is_watched {
            self.tell_packets();
        }
        self.drain();
    }

    fn on_taken(&self) {
        let taken = match &self.state.borrow().transport {
            Some(Transport::Link(link)) if !self.is_freed.get() => link.taken(),
            _ => 0,
        };
        for number in 1..=taken {
            self.host.done(RequestNumber::Link(number).to_js(), 0, None);
        }
    }

    fn on_closed(&self) {
        Self::on_closed(self);
    }
}
