// All entries in React Native, whose engine has no WebAssembly: an error at the import.
//
// It is CommonJS, since bundlers look for named exports in ES modules before they run.
throw new Error(
  'wasmqtt does not support React Native, whose JavaScript engine has no WebAssembly; use an MQTT client in plain JavaScript there, such as MQTT.js, or a WebView',
)
