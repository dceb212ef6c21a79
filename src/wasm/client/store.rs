//! Store of a client: its restore, and the results of its writes.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::client::Client;
use crate::store::{BatchId, Changes};
use crate::wasm::client::ClientCore;
use crate::wasm::js::error::failure;
use js_sys::Array;

#[wasm_bindgen]
impl ClientCore {
    /// Restores the session of a store, whose records are as [`Changes`] reads them. Call it before
    /// `connect`.
    ///
    /// A client identifier of the options that is arbitrary gives way to that of the store. Returns
    /// the identifier, and the number of the first request that is not of the store.
    ///
    /// # Errors
    /// A failure that names the damaged record. The client is of no use then.
    #[wasm_bindgen(unchecked_return_type = "[clientId: string, first: number]")]
    pub fn restore(&self, records: &[u8], takes_identity: bool) -> Result<Array, JsValue> {
        let records = Changes::read(records).filter_map(|(key, value)| Some((key, value?)));
        let first = self.driver.run(|machine, _| machine.restore(records, takes_identity));
        let first = first.map_err(|error| failure("store", &error, None))?;
        #[expect(clippy::cast_precision_loss, reason = "numbers are below 2^53")]
        let first = JsValue::from_f64(first.0 as f64);
        Ok(Array::of2(&self.driver.look(|machine| machine.client_id().into()), &first))
    }

    /// Reports that a batch is durable. Negative numbers are other reports.
    ///
    /// Number -1: a batch could not be written, and the client goes on in memory. Number -2: the
    /// page may be gone in a moment, so changes are written at once.
    pub fn stored(&self, batch: f64) {
        if batch < -1.0 {
            self.driver.run(Client::save);
            self.driver.flush();
        } else if batch < 0.0 {
            self.driver.run(Client::handle_store_failed);
        } else {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it came from here")]
            let batch = BatchId::new(batch as u64);
            self.driver.run(|machine, now| machine.handle_stored(batch, now));
        }
    }
}
