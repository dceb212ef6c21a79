import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { readBytes } from './config.js'
import { oneLine, UsageError } from './usage.js'

/** Files of the command's TLS options. */
export interface TlsFiles {
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly ca: string | undefined
}

/**
 * Reads the certificate, its key, and the certificates of the authority that clients must have one
 * of. They are read once. Throws a UsageError.
 */
export function readTls({ cert, key, ca }: TlsFiles): TlsOptions {
  if (cert === undefined || key === undefined) throw new UsageError('--tls and --wss need --cert FILE and --key FILE')
  const [certificate] = readCertificates(cert)
  const privateKey = readKey(key)
  if (!certificate?.checkPrivateKey(privateKey)) throw new UsageError(`${key}: it is not the key of ${cert}`)
  if (ca !== undefined) readCertificates(ca)
  const files = { cert: readBytes(cert), key: readBytes(key) }
  const options =
    ca === undefined ? files : { ...files, ca: readBytes(ca), requestCert: true, rejectUnauthorized: true }
  try {
    createSecureContext(options)
  } catch (error) {
    // Such as a key that is too short for today's rules.
    throw new UsageError(`${cert}: it cannot be used: ${oneLine((error as Error).message)}`)
  }
  return options
}

function readCertificates(file: string): X509Certificate[] {
  const blocks = readBytes(file)
    .toString('latin1')
    .match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g)
  try {
    if (blocks) return blocks.map(block => new X509Certificate(block))
  } catch {
    // It is told below.
  }
  throw new UsageError(`${file}: it is not a certificate in PEM`)
}

function readKey(file: string): KeyObject {
  const text = readBytes(file).toString('latin1')
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw new UsageError(`${file}: the key is encrypted; decrypt it first, as by openssl pkey -in FILE -out FILE`)
  }
  try {
    return createPrivateKey(text)
  } catch {
    throw new UsageError(`${file}: it is not a private key in PEM`)
  }
}

/**
 * Returns the common name of the client's certificate, or undefined if there is not exactly one
 * that MQTT can carry (MQTT 5.0 §1.5.4). The connection has checked the certificate.
 */
export function commonName(socket: TLSSocket): string | undefined {
  // A name that is there twice is an array.
  const name = socket.getPeerCertificate().subject?.CN
  return typeof name === 'string' && /^[^\0\p{Cs}]+$/u.test(name) ? name : undefined
}

/**
 * Returns what destroys the connections of a server whose handshake is not complete. The server
 * does not know them yet.
 */
export function handshakes(server: Server): () => void {
  const pending = new Map<string, Socket>()
  const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket)
    pending.set(name, socket)
    socket.once('close', () => {
      if (pending.get(name) === socket) pending.delete(name)
    })
  })
  server.on('secureConnection', socket => pending.delete(nameOf(socket)))
  return () => {
    for (const socket of pending.values()) socket.destroy()
  }
}
