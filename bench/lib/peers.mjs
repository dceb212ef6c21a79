// Clients to compare with that are beside the tools: `npm run bench` sets them up and names their
// folders.

const folders = {
  'aws-crt': process.env.WASMQTT_AWS_CRT,
  'mqtt5-wasm': process.env.WASMQTT_MQTT5_WASM,
}

/** Names of those that are there. */
export const peers = Object.keys(folders).filter(name => folders[name])

/** Folders in which a bundler finds them. */
export const nodePaths = peers.map(name => folders[name])
