// Decoders of payloads for the inspector. Change this list, and host the file beside the page:
//
//   export const decoders = [
//     {
//       name: 'Celsius',
//       fits: topic => topic.endsWith('/celsius'),
//       decode: payload => ({ celsius: (payload[0] * 256 + payload[1]) / 10 }),
//     },
//   ]
//
// `decode(payload, topic)` takes a Uint8Array, and returns text or plain data.
export const decoders = []
