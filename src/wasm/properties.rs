//! Properties as plain objects: MQTT's names in camelCase, user properties as a list of pairs.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::failure::{failure, text};
use super::js::{Array, Object, Uint8Array};
use crate::codec::{Properties, PropertiesBuf, PropertyId, Value};

const USER_PROPERTIES: &str = "userProperties";
const SUBSCRIPTION_IDENTIFIERS: &str = "subscriptionIdentifiers";

/// The name of a property's field.
const fn name(id: PropertyId) -> &'static str {
    match id {
        PropertyId::PayloadFormatIndicator => "payloadFormatIndicator",
        PropertyId::MessageExpiryInterval => "messageExpiryInterval",
        PropertyId::ContentType => "contentType",
        PropertyId::ResponseTopic => "responseTopic",
        PropertyId::CorrelationData => "correlationData",
        PropertyId::SubscriptionIdentifier => "subscriptionIdentifier",
        PropertyId::SessionExpiryInterval => "sessionExpiryInterval",
        PropertyId::AssignedClientIdentifier => "assignedClientIdentifier",
        PropertyId::ServerKeepAlive => "serverKeepAlive",
        PropertyId::AuthenticationMethod => "authenticationMethod",
        PropertyId::AuthenticationData => "authenticationData",
        PropertyId::RequestProblemInformation => "requestProblemInformation",
        PropertyId::WillDelayInterval => "willDelayInterval",
        PropertyId::RequestResponseInformation => "requestResponseInformation",
        PropertyId::ResponseInformation => "responseInformation",
        PropertyId::ServerReference => "serverReference",
        PropertyId::ReasonString => "reasonString",
        PropertyId::ReceiveMaximum => "receiveMaximum",
        PropertyId::TopicAliasMaximum => "topicAliasMaximum",
        PropertyId::TopicAlias => "topicAlias",
        PropertyId::MaximumQoS => "maximumQos",
        PropertyId::RetainAvailable => "retainAvailable",
        PropertyId::UserProperty => USER_PROPERTIES,
        PropertyId::MaximumPacketSize => "maximumPacketSize",
        PropertyId::WildcardSubscriptionAvailable => "wildcardSubscriptionAvailable",
        PropertyId::SubscriptionIdentifierAvailable => "subscriptionIdentifierAvailable",
        PropertyId::SharedSubscriptionAvailable => "sharedSubscriptionAvailable",
    }
}

/// The property bytes of a message, without their length, as a plain object.
#[wasm_bindgen(js_name = readProperties)]
#[must_use]
pub fn read_properties(bytes: &[u8]) -> Object {
    read(Properties::checked(bytes))
}

/// A list as a plain object.
pub(super) fn read(properties: Properties<'_>) -> Object {
    let object = Object::new();
    let users = Array::new();
    let identifiers = Array::new();
    for (id, value) in properties.entries() {
        let value = match value {
            Value::Pair(name, value) => {
                let pair = Array::new();
                pair.push(&name.into());
                pair.push(&value.into());
                users.push(&pair);
                continue;
            }
            Value::Number(value) if id == PropertyId::SubscriptionIdentifier => {
                identifiers.push(&value.into());
                continue;
            }
            Value::Bool(one) if id == PropertyId::MaximumQoS => u8::from(one).into(),
            Value::Bool(value) => value.into(),
            Value::Number(value) => value.into(),
            Value::Text(value) => value.into(),
            Value::Binary(value) => Uint8Array::new_from_slice(value).into(),
        };
        object.set(name(id), &value);
    }
    if users.length() > 0 {
        object.set(USER_PROPERTIES, &users);
    }
    if identifiers.length() > 0 {
        object.set(SUBSCRIPTION_IDENTIFIERS, &identifiers);
    }
    object
}

/// The list that an object tells, which the face has checked; empty for none. A field that is undefined is left out.
pub(super) fn write(object: Option<Object>) -> Result<PropertiesBuf, JsValue> {
    let mut list = PropertiesBuf::new();
    let Some(object) = object else { return Ok(list) };
    let fields = Object::entries(&object);
    for index in 0..fields.length() {
        let field = fields.list(index);
        write_field(&mut list, &field.text(0), &field)?;
    }
    Ok(list)
}

/// Writes a value by its own type, which must be that of the property.
fn write_field(list: &mut PropertiesBuf, field: &str, entry: &Array) -> Result<(), JsValue> {
    let given = entry.get(1);
    if given.is_undefined() {
        return Ok(());
    }
    let Some(id) = PropertyId::ALL.iter().copied().find(|id| name(*id) == field) else {
        return Err(wrong(field, "is no property"));
    };
    let mut push = |value: Value<'_>| list.push_value(id, value).map_err(|error| wrong(field, &text(&error)));
    if let Some(value) = given.as_string() {
        push(Value::Text(&value))
    } else if let Some(number) = given.as_f64() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the face knows the bounds")]
        push(Value::Number(number as u32))
    } else if let Some(value) = given.as_bool() {
        push(Value::Bool(value))
    } else if id == PropertyId::UserProperty {
        let pairs = entry.list(1);
        (0..pairs.length()).try_for_each(|index| {
            let pair = pairs.list(index);
            push(Value::Pair(&pair.text(0), &pair.text(1)))
        })
    } else {
        push(Value::Binary(&entry.bytes(1)))
    }
}

fn wrong(field: &str, problem: &str) -> JsValue {
    failure("property", &(field.to_owned() + ": " + problem), None)
}
