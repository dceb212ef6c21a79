//! Restore of a broker from its store, and the results of the store's writes.

use alloc::rc::Rc;
use core::time::Duration;

use gloo_timers::callback::Timeout;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::broker::{BatchId, Changes};
use crate::wasm::broker::BrokerCore;
use crate::wasm::broker::storage::Storage;
use crate::wasm::js::clock::{fine, now};
use crate::wasm::js::error::failure;

/// The time of a restore between two tasks of the page.
const TURN: Duration = Duration::from_millis(8);

/// Lets the page's other tasks run between the parts of a restore.
async fn yield_to_page() -> Result<(), JsValue> {
    let mut timeout = None;
    let page_ran = Promise::new(&mut |resolve, _| {
        timeout = Some(Timeout::new(0, move || drop(resolve.call0(&JsValue::UNDEFINED))));
    });
    JsFuture::from(page_ran).await.map(drop)
}

#[wasm_bindgen]
impl BrokerCore {
    /// Restores the sessions and messages of a store, once its records are loaded. `records` is a
    /// promise of a `Uint8Array`, as [`Changes`] reads it. The broker has this store from then on.
    ///
    /// # Errors
    /// The promise rejects with the error of `records`, or with a failure that names the damaged
    /// record. The broker is of no use then.
    pub fn restore(&self, records: Promise, storage: Storage) -> Promise {
        let driver = Rc::clone(&self.driver);
        future_to_promise(async move {
            let loaded: Uint8Array = JsFuture::from(records).await?.unchecked_into();
            let loaded = loaded.to_vec();
            let records = Changes::read(&loaded).filter_map(|(key, value)| Some((key, value?)));
            let mut restore = driver.restore(storage, |machine| machine.begin_restore(records, now()));
            loop {
                let began = fine();
                while fine().saturating_sub(began) < TURN {
                    let is_over = driver.run(|machine| machine.continue_restore(&mut restore));
                    if is_over.map_err(|error| failure("store", &error, None))? {
                        return Ok(JsValue::UNDEFINED);
                    }
                }
                yield_to_page().await?;
            }
        })
    }

    /// Reports that a batch is durable.
    pub fn stored(&self, batch: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it came from here")]
        let batch = BatchId::new(batch as u64);
        self.driver.run(|machine| machine.handle_stored(batch, now()));
    }

    /// Reports that a batch could not be written.
    #[wasm_bindgen(js_name = storeFailed)]
    pub fn store_failed(&self) {
        self.driver.run(|machine| machine.handle_store_failed(now()));
    }
}
