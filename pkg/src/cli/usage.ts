/** A usage error of the command, in one line. */
export class UsageError extends Error {}

export const help = `wasmqtt broker [options]: an MQTT broker, for MQTT 3.1, 3.1.1 and 5.0

  --tcp [HOST:]PORT    listen on TCP; may be given more than once, as the next three may. Without any: 127.0.0.1:1883
  --tls [HOST:]PORT    listen on TLS
  --ws [HOST:]PORT     listen for WebSockets, at any path
  --wss [HOST:]PORT    listen for WebSockets on TLS
  --ws-origin ORIGIN   take WebSockets of pages of this origin, or of all with *; may be given more than once. Without
                       it: of pages on the loopback
  --cert FILE          certificate for --tls and --wss, with its chain, in PEM
  --key FILE           its private key, in PEM
  --ca FILE            certificates in PEM; clients on TLS must have a certificate that one of these has signed
  --cert-username      the common name of a client's certificate is its user name, without a password; needs --ca
  --config FILE        the broker's options, as JSON: { "maximumQos": 1, "receiveMaximum": 20 }
  --store DIR          keep sessions, their queues and retained messages in this directory; it is created if missing
  --log LEVEL          debug, info (the default), warn, error or silent; one line for each event, on the standard error
  --help, --version

The default HOST is 127.0.0.1, which only this machine reaches; 0.0.0.0 and [::] are all addresses. Port 0 picks a free
port. Once all listen, their addresses are printed on the standard output. SIGTERM, SIGINT and SIGHUP stop the broker:
it sends DISCONNECT to its clients.`

/** Joins a text to one line, since an error is one line. */
export const oneLine = (text: string): string => text.trim().replace(/\s*[\r\n]+\s*/g, ' ')
