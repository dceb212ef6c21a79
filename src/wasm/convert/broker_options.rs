//! Broker options, from a list that the TypeScript face has checked.
//!
//! The list is no object for serde, whose `Deserialize` brings the formatting of floats and of any
//! value. The module would be a tenth larger.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};

use crate::broker::{Access, AccessFilter, AccessRule, Action, Asks, BrokerOptions, QueueOverflow, Redirect};
use crate::codec::{QoS, ReasonCode};
use crate::wasm::js::error::failure;
use crate::wasm::js::list;

/// Returns the options for the machine, from a list in the order below. An undefined option keeps
/// its default.
///
/// Each number is within the limits of its option. Booleans are 0 and 1.
///
/// # Errors
/// A failure if a rule of the access list has no topic filter. To ignore such a rule could grant
/// access.
pub(crate) fn read(given: &Array) -> Result<BrokerOptions, JsValue> {
    let mut options = BrokerOptions::default();
    let given = Reader { list: given, next: Cell::new(0) };
    given.bound(&mut options.connections_max);
    given.bound(&mut options.sessions_max);
    given.milliseconds(&mut options.connect_timeout);
    given.short_bound(&mut options.keep_alive_max);
    put(&mut options.session_expiry_max, given.number());
    put(&mut options.packet_bytes_max, given.number().and_then(NonZeroU32::new));
    put(&mut options.receive_maximum, given.short().and_then(NonZeroU16::new));
    put(&mut options.in_flight_max, given.short().and_then(NonZeroU16::new));
    put(&mut options.maximum_qos, given.byte().and_then(QoS::from_bits));
    given.switch(&mut options.retain_available);
    given.bound(&mut options.topic_levels_max);
    given.bound(&mut options.subscriptions_max);
    given.bound(&mut options.queue_messages);
    given.bound(&mut options.queue_bytes);
    put(&mut options.queue_overflow, given.byte().map(read_overflow));
    given.bound(&mut options.transmit_bytes_max);
    given.bound(&mut options.retained_messages);
    given.bound(&mut options.retained_bytes);
    given.bound(&mut options.store_bytes_max);
    given.short_bound(&mut options.topic_alias_maximum);
    put(&mut options.sys_interval, given.number().map(|interval| Duration::from_secs(interval.into())));
    given.switch(&mut options.wildcard_subscription_available);
    given.switch(&mut options.subscription_identifiers_available);
    given.switch(&mut options.shared_subscription_available);
    options.response_information = given.text();
    let permanent = given.flag() == Some(true);
    options.redirect = given.text().map(|server_reference| Redirect { permanent, server_reference });
    put(&mut options.asks, given.byte().map(read_asks));
    given.milliseconds(&mut options.answer_timeout);
    given.bound(&mut options.input_bytes_max);
    let rules = given.list.get(given.place());
    if !rules.is_undefined() {
        let given: Array = rules.unchecked_into();
        let mut rules = Vec::new();
        for index in 0..given.length() {
            rules.push(read_rule(&list::list(&given, index))?);
        }
        options.access = Access::new(rules);
    }
    given.bound(&mut options.memory_max);
    Ok(options)
}

/// Reader of one option after the other.
struct Reader<'a> {
    list: &'a Array,
    next: Cell<u32>,
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the face has checked them")]
impl Reader<'_> {
    fn place(&self) -> u32 {
        self.next.replace(self.next.get() + 1)
    }

    fn number(&self) -> Option<u32> {
        self.list.get(self.place()).as_f64().map(|number| number as u32)
    }

    fn short(&self) -> Option<u16> {
        self.number().map(|number| number as u16)
    }

    fn byte(&self) -> Option<u8> {
        self.number().map(|number| number as u8)
    }

    fn flag(&self) -> Option<bool> {
        self.number().map(|number| number != 0)
    }

    fn text(&self) -> Option<Box<str>> {
        self.list.get(self.place()).as_string().map(Into::into)
    }

    // Each of the following is called so often that a copy at each place would be larger.

    #[inline(never)]
    fn bound(&self, option: &mut usize) {
        put(option, self.number().map(|bound| bound as usize));
    }

    #[inline(never)]
    fn short_bound(&self, option: &mut u16) {
        put(option, self.short());
    }

    #[inline(never)]
    fn switch(&self, option: &mut bool) {
        put(option, self.flag());
    }

    #[inline(never)]
    fn milliseconds(&self, option: &mut Duration) {
        put(option, self.number().map(|milliseconds| Duration::from_millis(milliseconds.into())));
    }
}

fn read_overflow(given: u8) -> QueueOverflow {
    match given {
        0 => QueueOverflow::DropNewest,
        1 => QueueOverflow::DropOldest,
        _ => QueueOverflow::Disconnect,
    }
}

/// Returns the kinds of questions, from a bit for each.
const fn read_asks(given: u8) -> Asks {
    Asks {
        authenticate: given & 1 != 0,
        enhanced: given & 2 != 0,
        publish: given & 4 != 0,
        subscribe: given & 8 != 0,
        receive: given & 16 != 0,
    }
}

/// Returns a rule from its list: action, filter, client identifier, user name, reason code. A rule
/// for all clients has neither name, and reason code 0 allows.
fn read_rule(rule: &Array) -> Result<AccessRule, JsValue> {
    let name = |index| rule.get(index).as_string().map(Into::into);
    let filter = AccessFilter::parse(&list::text(rule, 1));
    let filter = filter.map_err(|error| failure("option", &error, None))?;
    let action = match list::number(rule, 0) {
        0 => None,
        1 => Some(Action::Publish),
        2 => Some(Action::Subscribe),
        _ => Some(Action::Receive),
    };
    let verdict = match u8::try_from(list::number(rule, 4)).ok().and_then(ReasonCode::from_value) {
        Some(ReasonCode::Success) => Ok(()),
        reason => Err(reason.unwrap_or(ReasonCode::NotAuthorized)),
    };
    Ok(AccessRule { action, filter, client_id: name(2), username: name(3), verdict })
}

fn put<T>(option: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *option = given;
    }
}
