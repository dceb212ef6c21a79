//! Pace of a world: long runs in slices, and playback.

use core::cell::RefCell;

use gloo_timers::future::TimeoutFuture;
use js_sys::Function;
use wasm_bindgen::JsValue;

use super::of_world;
use crate::simulator::Timeline;
use crate::time::Time;
use crate::wasm::js::clock::now;

/// Milliseconds of the page that a slice of a run takes.
const SLICE: u64 = 8;
/// Event times between two looks at the page's clock.
const TIMES_BETWEEN_LOOKS: usize = 64;
/// Milliseconds of the page between two frames.
const FRAME: u32 = 16;

/// Lets milliseconds pass. True at their end; false if the callback stopped the run.
pub(super) async fn run(
    timeline: &RefCell<Timeline>,
    milliseconds: u64,
    on_slice: &Function,
) -> Result<JsValue, JsValue> {
    let end = Time::from_millis(timeline.borrow().world().now().as_millis().saturating_add(milliseconds));
    loop {
        let is_done = slice(&mut timeline.borrow_mut(), end)?;
        let goes_on = tell(on_slice, timeline)?;
        if is_done || !goes_on {
            return Ok(is_done.into());
        }
        TimeoutFuture::new(0).await;
    }
}

/// Runs for some milliseconds of the page. True at the end.
///
/// It lets whole moments pass, so that the branch's list of actions stays short.
fn slice(timeline: &mut Timeline, end: Time) -> Result<bool, JsValue> {
    let start = now();
    loop {
        for _ in 0..TIMES_BETWEEN_LOOKS {
            let here = timeline.world().now();
            let until = if timeline.is_past() {
                // An action may come before the next event.
                here.as_millis() + 1
            } else {
                timeline.world().next_event_at().map_or(u64::MAX, Time::as_millis)
            };
            let until = Time::from_millis(until).max(here).min(end);
            timeline.run(until.as_millis() - here.as_millis()).map_err(|error| of_world(&error))?;
            if until == end {
                return Ok(true);
            }
        }
        if now().as_millis() - start.as_millis() >= SLICE {
            return Ok(false);
        }
    }
}

/// Plays until the callback stops it.
pub(super) async fn play(timeline: &RefCell<Timeline>, speed: f64, on_frame: &Function) -> Result<JsValue, JsValue> {
    let mut last = now();
    // Parts of milliseconds that have not passed in the world yet.
    let mut left = 0.0;
    while tell(on_frame, timeline)? {
        TimeoutFuture::new(FRAME).await;
        let time = now();
        // A page that slept does not play what it missed.
        let passed = (time.as_millis() - last.as_millis()).min(u64::from(FRAME) * 10);
        last = time;
        left += number(passed) * speed;
        let milliseconds = super::whole(left);
        left -= number(milliseconds);
        timeline.borrow_mut().run(milliseconds).map_err(|error| of_world(&error))?;
    }
    Ok(JsValue::TRUE)
}

/// Calls the callback with the time. True unless it returns false.
fn tell(callback: &Function, timeline: &RefCell<Timeline>) -> Result<bool, JsValue> {
    let time = number(timeline.borrow().world().now().as_millis());
    let answer = callback.call1(&JsValue::NULL, &time.into())?;
    Ok(answer != JsValue::FALSE)
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript counts exactly up to 2^53")]
pub(super) const fn number(milliseconds: u64) -> f64 {
    milliseconds as f64
}
