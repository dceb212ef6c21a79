// Certificates that a test makes and signs itself (RFC 5280), with keys on the curve P-256.
import { createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

const ids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  subjectAltName: '2.5.29.17',
}

/** Returns a key pair whose private key is also there in PEM, as `pem`. */
export function makeKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, publicKey, pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) }
}

/**
 * Returns a certificate in PEM, which is valid now. `names` are the common names of its subject.
 * Its issuer is `by`, with the key of it, or itself.
 */
export function makeCertificate({ key, names, isAuthority = false, by = { key, names } }) {
  const algorithm = sequence(identifier(ids.ecdsaWithSha256))
  const [year, day] = [365 * 24 * 3600_000, 24 * 3600_000]
  const extensions = [
    extension(ids.basicConstraints, sequence(...(isAuthority ? [node(0x01, Buffer.of(0xff))] : []))),
    extension(ids.subjectAltName, sequence(node(0x82, Buffer.from('localhost')), node(0x87, Buffer.of(127, 0, 0, 1)))),
  ]
  const body = sequence(
    node(0xa0, node(0x02, Buffer.of(2))),
    node(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    nameOf(by.names),
    sequence(time(Date.now() - day), time(Date.now() + year)),
    nameOf(names),
    createPublicKey(key.privateKey).export({ type: 'spki', format: 'der' }),
    node(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, by.key.privateKey)
  const bytes = sequence(body, algorithm, node(0x03, Buffer.concat([Buffer.of(0), signature])))
  const lines = bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

/** Returns an authority, and what signs certificates for common names with it. */
export function makeAuthority(name) {
  const own = { key: makeKey(), names: [name] }
  const issue = (...names) => {
    const key = makeKey()
    return { cert: makeCertificate({ key, names, by: own }), key: key.pem }
  }
  return { cert: makeCertificate({ ...own, isAuthority: true }), issue }
}

/** A value of DER with its tag. */
function node(tag, content) {
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

const sequence = (...parts) => node(0x30, Buffer.concat(parts))

function identifier(text) {
  const [first, second, ...rest] = text.split('.').map(Number)
  const bytes = rest.flatMap(number => {
    const digits = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f))
    return digits
  })
  return node(0x06, Buffer.of(40 * first + second, ...bytes))
}

/** A name of an organisation, and these common names. */
function nameOf(names) {
  const part = (id, text) => node(0x31, sequence(identifier(id), node(0x0c, Buffer.from(text))))
  return sequence(part(ids.organization, 'wasmqtt tests'), ...names.map(name => part(ids.commonName, name)))
}

const time = milliseconds => {
  const text = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '')
  return node(0x17, Buffer.from(text.slice(2)))
}

const extension = (id, value) => sequence(identifier(id), node(0x04, value))
