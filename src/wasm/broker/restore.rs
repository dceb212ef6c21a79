//! A broker with a store: what the store holds comes in before anything else, and what it has written is told.

use alloc::string::ToString;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::broker::{BatchId, Changes};
use crate::wasm::broker::BrokerCore;
use crate::wasm::broker::storage::Storage;
use crate::wasm::js::clock::now;
use crate::wasm::js::error::failure;

#[wasm_bindgen]
impl BrokerCore {
    /// Begins with what a store holds: records as `Changes` reads them. From now on there is this store.
    ///
    /// # Errors
    /// A failure that says which record is wrong; the broker is of no use then.
    pub fn restore(&self, records: &[u8], storage: Storage) -> Result<(), JsValue> {
        let records = Changes::read(records).filter_map(|(key, value)| Some((key, value?)));
        let restored = self.driver.restore(storage, |machine| machine.restore(records, now()));
        restored.map_err(|error| failure("store", &error.to_string(), None))
    }

    /// The batch is durable.
    pub fn stored(&self, batch: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it came from here")]
        let batch = BatchId::new(batch as u64);
        self.driver.run(|machine| machine.handle_stored(batch, now()));
    }

    /// A batch could not be written.
    #[wasm_bindgen(js_name = storeFailed)]
    pub fn store_failed(&self) {
        self.driver.run(|machine| machine.handle_store_failed(now()));
    }
}
