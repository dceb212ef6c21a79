//! Properties as plain objects: MQTT's names in camelCase, user properties as a list of pairs.

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use super::failure::{failure, set};
use crate::codec::{Properties, PropertiesBuf, PropertyId, VARIABLE_BYTE_INTEGER_MAX, Value};

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
                users.push(&Array::of2(&name.into(), &value.into()));
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
            Value::Binary(value) => Uint8Array::from(value).into(),
        };
        set(&object, name(id), &value);
    }
    if users.length() > 0 {
        set(&object, USER_PROPERTIES, &users);
    }
    if identifiers.length() > 0 {
        set(&object, SUBSCRIPTION_IDENTIFIERS, &identifiers);
    }
    object
}

/// The list that an object tells; empty for none. A field that is undefined is left out.
pub(super) fn write(object: Option<Object>) -> Result<PropertiesBuf, JsValue> {
    let mut list = PropertiesBuf::new();
    let Some(object) = object else { return Ok(list) };
    for entry in Object::entries(&object).iter() {
        let entry: Array = entry.unchecked_into();
        let value = entry.get(1);
        if !value.is_undefined() {
            write_field(&mut list, &entry.get(0).as_string().unwrap_or_default(), &value)?;
        }
    }
    Ok(list)
}

fn write_field(list: &mut PropertiesBuf, field: &str, value: &JsValue) -> Result<(), JsValue> {
    let Some(id) = PropertyId::ALL.iter().copied().find(|id| name(*id) == field) else {
        return Err(wrong(field, "is no property"));
    };
    match id {
        PropertyId::UserProperty => write_user_properties(list, value),
        PropertyId::PayloadFormatIndicator
        | PropertyId::RequestProblemInformation
        | PropertyId::RequestResponseInformation => push(list, id, Value::Bool(boolean(field, value)?)),
        PropertyId::MessageExpiryInterval | PropertyId::SessionExpiryInterval | PropertyId::WillDelayInterval => {
            push(list, id, Value::Number(number(field, value)?))
        }
        PropertyId::SubscriptionIdentifier => push(list, id, Value::Number(identifier(field, value)?)),
        PropertyId::ContentType | PropertyId::ResponseTopic | PropertyId::ReasonString => {
            push(list, id, Value::Text(&string(field, value)?))
        }
        PropertyId::CorrelationData => {
            let bytes = value.dyn_ref::<Uint8Array>().ok_or_else(|| wrong(field, "must be a Uint8Array"))?;
            push(list, id, Value::Binary(&bytes.to_vec()))
        }
        PropertyId::AssignedClientIdentifier
        | PropertyId::ServerKeepAlive
        | PropertyId::AuthenticationMethod
        | PropertyId::AuthenticationData
        | PropertyId::ResponseInformation
        | PropertyId::ServerReference
        | PropertyId::ReceiveMaximum
        | PropertyId::TopicAliasMaximum
        | PropertyId::TopicAlias
        | PropertyId::MaximumQoS
        | PropertyId::RetainAvailable
        | PropertyId::MaximumPacketSize
        | PropertyId::WildcardSubscriptionAvailable
        | PropertyId::SubscriptionIdentifierAvailable
        | PropertyId::SharedSubscriptionAvailable => Err(wrong(field, "is not for the caller to set")),
    }
}

fn push(list: &mut PropertiesBuf, id: PropertyId, value: Value<'_>) -> Result<(), JsValue> {
    let pushed = list.push_value(id, value);
    pushed.map_err(|error| wrong(name(id), &("cannot be sent: ".to_owned() + &error.to_string())))
}

fn write_user_properties(list: &mut PropertiesBuf, value: &JsValue) -> Result<(), JsValue> {
    let malformed = || wrong(USER_PROPERTIES, "must be a list of pairs of strings");
    for pair in value.dyn_ref::<Array>().ok_or_else(malformed)?.iter() {
        let pair = pair.dyn_into::<Array>().map_err(|_| malformed())?;
        let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string()) else {
            return Err(malformed());
        };
        push(list, PropertyId::UserProperty, Value::Pair(&name, &value))?;
    }
    Ok(())
}

fn boolean(field: &str, value: &JsValue) -> Result<bool, JsValue> {
    value.as_bool().ok_or_else(|| wrong(field, "must be true or false"))
}

fn string(field: &str, value: &JsValue) -> Result<String, JsValue> {
    value.as_string().ok_or_else(|| wrong(field, "must be a string"))
}

fn number(field: &str, value: &JsValue) -> Result<u32, JsValue> {
    whole(value).ok_or_else(|| wrong(field, "must be a whole number from 0 to 4294967295"))
}

fn identifier(field: &str, value: &JsValue) -> Result<u32, JsValue> {
    let known = whole(value).filter(|value| (1..=VARIABLE_BYTE_INTEGER_MAX).contains(value));
    known.ok_or_else(|| wrong(field, "must be a whole number from 1 to 268435455"))
}

/// The value as an integer, if it is one.
fn whole(value: &JsValue) -> Option<u32> {
    let number = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is lost is found by the comparison"
    )]
    let whole = number as u32;
    // NaN is equal to nothing.
    (f64::from(whole) - number == 0.0).then_some(whole)
}

fn wrong(field: &str, problem: &str) -> JsValue {
    failure("property", &(field.to_owned() + " " + problem), None)
}
