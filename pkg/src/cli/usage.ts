/** What the caller of the command did wrong, in one line. */
export class UsageError extends Error {}

export const help = `wasmqtt broker [options]: an MQTT broker, for MQTT 3.1, 3.1.1 and 5.0

  --tcp [HOST:]PORT   listen on TCP; may be given more than once. Without --tcp and --ws: 127.0.0.1:1883
  --ws [HOST:]PORT    listen for WebSockets, at any path; may be given more than once
  --config FILE       the broker's options, as JSON: { "maximumQos": 1, "receiveMaximum": 20 }
  --store DIR         keep sessions, what waits in them, and retained messages in this directory, which is made
  --log LEVEL         debug, info (the default), warn, error or silent; a line for each event, on the standard error
  --help, --version

Without a HOST it is 127.0.0.1, which this machine alone reaches; 0.0.0.0 and [::] are all addresses. Port 0 is any free
port. Once all listen, their addresses are printed on the standard output. SIGTERM and SIGINT end it: clients are told.`

/** The text on one line, since an error is one line. */
export const oneLine = (text: string): string => text.trim().replace(/\s*[\r\n]+\s*/g, ' ')
