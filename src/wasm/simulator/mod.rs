//! Exported class of a simulated world, as the TypeScript face sees it.

pub(crate) mod actions;
pub(crate) mod dissection;
pub(crate) mod entries;
pub(crate) mod live;
pub(crate) mod pace;
pub(crate) mod snapshot;
pub(crate) mod sockets;
pub(crate) mod state;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt::Display;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

use crate::codec::{self, QoS, Version};
use crate::router;
use crate::simulator::{Action, Actor, Guarantee, Monitors, SharedRun, SocketEvents, Timeline, WorldOptions};
use crate::time::Time;
use crate::topic::TopicName;
use crate::wasm::convert::broker_options;
use crate::wasm::js::error::{failure, of_topic, parse_filter};
use crate::wasm::js::list;
use crate::wasm::js::value::to_js;

/// A simulated world with its past. Methods take `&self`, so that a callback of a run may call any
/// of them.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "it is a handle")]
pub struct WorldCore {
    timeline: Rc<RefCell<Timeline>>,
    /// Reader of the events of foreign clients' sockets.
    events: RefCell<SocketEvents>,
}

/// Returns the failure of a simulated world's call.
fn of_world(error: &dyn Display) -> JsValue {
    failure("simulator", error, None)
}

#[wasm_bindgen]
impl WorldCore {
    /// Returns a world at time zero. The options are a list: seed, latency and jitter in
    /// milliseconds, 1 for a store, the bound of the trace, and the broker's list.
    ///
    /// # Errors
    /// A failure that says which option is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(#[wasm_bindgen(unchecked_param_type = "readonly unknown[]")] given: &Array) -> Result<Self, JsValue> {
        let options = WorldOptions {
            seed: list::number(given, 0).into(),
            latency: list::number(given, 1).into(),
            jitter: list::number(given, 2).into(),
            has_store: list::number(given, 3) != 0,
            trace_entries_max: list::number(given, 4) as usize,
            broker: broker_options::read(&list::list(given, 5))?,
        };
        Ok(Self::of(Timeline::new(options)))
    }

    fn of(timeline: Timeline) -> Self {
        let mut events = SocketEvents::default();
        events.skip(timeline.world());
        Self { timeline: Rc::new(RefCell::new(timeline)), events: RefCell::new(events) }
    }

    fn change<T, E: Display>(&self, change: impl FnOnce(&mut Timeline) -> Result<T, E>) -> Result<T, JsValue> {
        change(&mut self.timeline.borrow_mut()).map_err(|error| of_world(&error))
    }

    fn actor(&self, name: &str) -> Result<Actor, JsValue> {
        let timeline = self.timeline.borrow();
        timeline.world().find(name).ok_or_else(|| of_world(&format!("there is no client {name:?} in this world")))
    }

    /// Does an action now. Its list is in the order that `actions` reads.
    ///
    /// # Errors
    /// A failure that says what is wrong; the world is as before.
    pub fn act(
        &self,
        #[wasm_bindgen(unchecked_param_type = "readonly unknown[]")] given: &Array,
    ) -> Result<(), JsValue> {
        let action = actions::read(self, given)?;
        self.change(|timeline| timeline.act(action))
    }

    /// Lets milliseconds pass. In the past, what was done then is done again.
    ///
    /// # Errors
    /// A failure at the bound of the trace.
    pub fn run(&self, milliseconds: f64) -> Result<(), JsValue> {
        self.change(|timeline| timeline.run(whole(milliseconds)))
    }

    /// The next event happens. False if none is pending.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn step(&self) -> Result<bool, JsValue> {
        self.change(Timeline::step)
    }

    /// Steps until a packet is sent on a client's lane, or on any without a name. False if nothing
    /// is pending any more.
    ///
    /// # Errors
    /// As [`run`](Self::run); no such client; or no such packet within many events.
    #[wasm_bindgen(js_name = stepToPacket)]
    #[expect(clippy::needless_pass_by_value, reason = "JavaScript gives it away")]
    pub fn step_to_packet(&self, client: Option<String>) -> Result<bool, JsValue> {
        let actor = client.as_deref().map(|name| self.actor(name)).transpose()?;
        self.change(|timeline| timeline.step_to_packet(actor))
    }

    /// Steps until a timer of a client or of the broker has run. False if nothing is pending any
    /// more.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    #[wasm_bindgen(js_name = stepToTimer)]
    pub fn step_to_timer(&self) -> Result<bool, JsValue> {
        self.change(Timeline::step_to_timer)
    }

    /// Returns the pending events, the earliest first.
    #[must_use]
    pub fn choices(&self) -> JsValue {
        to_js(&state::choices(self.timeline.borrow().world()))
    }

    /// The pending event of this index happens.
    ///
    /// # Errors
    /// A failure if there is no such choice.
    pub fn choose(&self, index: u32) -> Result<(), JsValue> {
        self.change(|timeline| timeline.act(Action::Choose(index as usize)))
    }

    /// Returns where the world stands.
    #[must_use]
    pub fn state(&self) -> JsValue {
        to_js(&state::position(&self.timeline.borrow()))
    }

    /// Returns the state of all actors.
    #[must_use]
    pub fn snapshot(&self) -> JsValue {
        let timeline = self.timeline.borrow();
        to_js(&snapshot::value(&timeline.world().snapshot(), timeline.world().now()))
    }

    /// Returns the guarantees, as their monitors find them kept in the trace or not.
    #[must_use]
    pub fn monitors(&self) -> JsValue {
        let mut monitors = Monitors::new();
        monitors.watch(self.timeline.borrow().world().trace());
        to_js(&state::monitors(&Guarantee::ALL, monitors.violations()))
    }

    /// Returns the names of the clients, in the order of their numbers.
    #[must_use]
    pub fn clients(&self) -> Vec<String> {
        let timeline = self.timeline.borrow();
        (0..).map_while(|index| timeline.world().name(Actor(index))).map(String::from).collect()
    }

    /// Returns entries of the trace from one index to another.
    #[must_use]
    pub fn entries(&self, from: u32, to: u32) -> JsValue {
        let timeline = self.timeline.borrow();
        entries::page(timeline.world(), from as usize, to as usize)
    }

    /// Returns the messages that a client's handlers were given.
    ///
    /// # Errors
    /// A failure if there is no such client.
    pub fn messages(&self, client: &str) -> Result<JsValue, JsValue> {
        let actor = self.actor(client)?;
        Ok(entries::messages(self.timeline.borrow().world(), actor))
    }

    /// Goes to a time of the branch.
    ///
    /// # Errors
    /// A failure if the time is behind the branch's end.
    pub fn rewind(&self, milliseconds: f64) -> Result<(), JsValue> {
        self.change(|timeline| timeline.rewind(Time::from_millis(whole(milliseconds))))
    }

    /// Goes to a moment of the branch.
    ///
    /// # Errors
    /// A failure if the branch has fewer moments.
    #[wasm_bindgen(js_name = rewindTo)]
    pub fn rewind_to(&self, moment: f64) -> Result<(), JsValue> {
        self.change(|timeline| timeline.rewind_to(whole(moment)))
    }

    /// Readies the next rewind by so many moments of work. True if nothing is left to do.
    #[must_use]
    pub fn tend(&self, moments: u32) -> bool {
        self.timeline.borrow_mut().tend(moments.into())
    }

    /// Returns all branches.
    #[must_use]
    pub fn branches(&self) -> JsValue {
        to_js(&state::branches(&self.timeline.borrow()))
    }

    /// Goes to the end of a branch.
    ///
    /// # Errors
    /// A failure if there is no such branch.
    pub fn switch(&self, name: &str) -> Result<(), JsValue> {
        self.change(|timeline| timeline.switch(name))
    }

    /// Renames the current branch.
    ///
    /// # Errors
    /// A failure if another branch has the name.
    pub fn rename(&self, name: &str) -> Result<(), JsValue> {
        self.change(|timeline| timeline.rename(name))
    }

    /// Returns the text of a link to this branch and moment.
    #[wasm_bindgen(js_name = toLink)]
    #[must_use]
    pub fn to_link(&self) -> String {
        SharedRun::of(&self.timeline.borrow()).to_link()
    }

    /// Returns the trace as the bytes of a pcapng file.
    #[wasm_bindgen(js_name = toPcapng)]
    #[must_use]
    pub fn to_pcapng(&self) -> Vec<u8> {
        self.timeline.borrow().world().trace().to_pcapng()
    }

    /// Returns entries of the trace as a Mermaid sequence diagram.
    #[wasm_bindgen(js_name = toMermaid)]
    #[must_use]
    pub fn to_mermaid(&self, from: u32, to: u32) -> String {
        self.timeline.borrow().world().to_mermaid(from as usize, to as usize)
    }

    /// Returns entries of the trace as an SVG picture.
    #[wasm_bindgen(js_name = toSvg)]
    #[must_use]
    pub fn to_svg(&self, from: u32, to: u32) -> String {
        self.timeline.borrow().world().to_svg(from as usize, to as usize)
    }

    /// Opens the run of a link.
    ///
    /// # Errors
    /// A failure if the link is damaged or of another version, or if its run cannot be done.
    #[wasm_bindgen(js_name = fromLink)]
    pub fn from_link(link: &str) -> Result<Self, JsValue> {
        let opened = SharedRun::from_link(link).and_then(SharedRun::replay);
        opened.map(Self::of).map_err(|error| of_world(&error))
    }

    /// Returns a world of the same actions, whose publications and subscriptions have another
    /// quality of service.
    ///
    /// # Errors
    /// A failure if there is no such quality, or at the bound of the trace.
    #[wasm_bindgen(js_name = atQos)]
    pub fn at_qos(&self, qos: u8) -> Result<Self, JsValue> {
        let qos = QoS::from_bits(qos).ok_or_else(|| of_world(&format!("there is no quality of service {qos}")))?;
        self.timeline.borrow().at_qos(qos).map(Self::of).map_err(|error| of_world(&error))
    }

    /// Lets milliseconds pass, in slices between which the page runs.
    ///
    /// `on_slice` is called after each with the time, and returns false to stop there.
    #[wasm_bindgen(js_name = runAsync)]
    pub fn run_async(&self, milliseconds: f64, on_slice: Function) -> Promise {
        let timeline = Rc::clone(&self.timeline);
        future_to_promise(async move { pace::run(&timeline, whole(milliseconds), &on_slice).await })
    }

    /// Plays: `speed` milliseconds of the world pass in one of the page.
    ///
    /// `on_frame` is called after each frame with the time, and returns false to stop.
    pub fn play(&self, speed: f64, on_frame: Function) -> Promise {
        let timeline = Rc::clone(&self.timeline);
        future_to_promise(async move { pace::play(&timeline, speed, &on_frame).await })
    }
}

/// Returns the whole number of a JavaScript number that the face has checked.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the face has checked it")]
fn whole(number: f64) -> u64 {
    number as u64
}

/// Dissects the bytes of one packet. Version 4 is 3.1.1.
#[wasm_bindgen]
#[must_use]
pub fn dissect(bytes: &[u8], version: u8) -> JsValue {
    let version = if version == 4 { Version::V3_1_1 } else { Version::V5 };
    to_js(&dissection::value(&codec::dissect(bytes, version), bytes))
}

/// Returns the way of a topic through the trie of these filters.
///
/// # Errors
/// A failure if the topic or a filter is invalid.
#[wasm_bindgen(js_name = explainAll)]
#[expect(clippy::needless_pass_by_value, reason = "JavaScript gives it away")]
pub fn explain_all(topic: &str, filters: Vec<String>) -> Result<JsValue, JsValue> {
    let topic = TopicName::parse(topic).map_err(|error| of_topic(&error))?;
    let filters = filters.iter().map(|filter| parse_filter(filter)).collect::<Result<Vec<_>, _>>()?;
    let matching = router::explain_all(&filters, &topic);
    Ok(to_js(&dissection::matching(&matching)))
}
