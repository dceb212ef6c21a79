// Payloads of Sparkplug B, read by the field numbers of its specification (3.0.0, §6.4).
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'

type Reader = (reader: BinaryReader, wire: WireType) => unknown

/** A field of a message: its name, and how its value is read. */
type Fields = Readonly<Record<number, readonly [name: string, read: Reader]>>

/** Names of data types, by their numbers. */
const dataTypes = [
  ...['Unknown', 'Int8', 'Int16', 'Int32', 'Int64', 'UInt8', 'UInt16', 'UInt32', 'UInt64', 'Float', 'Double'],
  ...['Boolean', 'String', 'DateTime', 'Text', 'UUID', 'DataSet', 'Bytes', 'File', 'Template', 'PropertySet'],
  ...['PropertySetList', 'Int8Array', 'Int16Array', 'Int32Array', 'Int64Array', 'UInt8Array', 'UInt16Array'],
  ...['UInt32Array', 'UInt64Array', 'FloatArray', 'DoubleArray', 'BooleanArray', 'StringArray', 'DateTimeArray'],
]

const unsigned: Reader = reader => reader.uint32()
/** A number, or its digits if a number of JavaScript would round it. */
const long: Reader = reader => {
  const value = BigInt(reader.uint64())
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}
const flag: Reader = reader => reader.bool()
const text: Reader = reader => reader.string()
const bytes: Reader = reader => reader.bytes()
const dataType: Reader = reader => {
  const number = reader.uint32()
  return dataTypes[number] ?? number
}
const time: Reader = reader => {
  const date = new Date(Number(reader.uint64()))
  return Number.isNaN(date.getTime()) ? date.getTime() : date.toISOString()
}

/** Reader of a message within. */
const message =
  (fields: () => Fields): Reader =>
  reader => {
    const length = reader.uint32()
    return read(reader, reader.pos + length, fields())
  }

const value = (first: number): Fields => ({
  [first]: ['int', unsigned],
  [first + 1]: ['long', long],
  [first + 2]: ['float', reader => reader.float()],
  [first + 3]: ['double', reader => reader.double()],
  [first + 4]: ['boolean', flag],
  [first + 5]: ['string', text],
})

const propertyValue = (): Fields => ({
  1: ['type', dataType],
  2: ['is_null', flag],
  ...value(3),
  9: ['propertyset', message(propertySet)],
  10: ['propertysets', message(() => ({ 1: ['propertyset[]', message(propertySet)] }))],
})
const propertySet = (): Fields => ({ 1: ['keys[]', text], 2: ['values[]', message(propertyValue)] })

const metaData = (): Fields => ({
  1: ['is_multi_part', flag],
  2: ['content_type', text],
  3: ['size', long],
  4: ['seq', long],
  5: ['file_name', text],
  6: ['file_type', text],
  7: ['md5', text],
  8: ['description', text],
})

const dataSet = (): Fields => ({
  1: ['num_of_columns', long],
  2: ['columns[]', text],
  3: ['types[]', dataType],
  4: ['rows[]', message(() => ({ 1: ['elements[]', message(() => value(1))] }))],
})

const template = (): Fields => ({
  1: ['version', text],
  2: ['metrics[]', message(metric)],
  3: ['parameters[]', message(() => ({ 1: ['name', text], 2: ['type', dataType], ...value(3) }))],
  4: ['template_ref', text],
  5: ['is_definition', flag],
})

const metric = (): Fields => ({
  1: ['name', text],
  2: ['alias', long],
  3: ['timestamp', time],
  4: ['datatype', dataType],
  5: ['is_historical', flag],
  6: ['is_transient', flag],
  7: ['is_null', flag],
  8: ['metadata', message(metaData)],
  9: ['properties', message(propertySet)],
  ...value(10),
  16: ['bytes', bytes],
  17: ['dataset', message(dataSet)],
  18: ['template', message(template)],
})

const payload = (): Fields => ({
  1: ['timestamp', time],
  2: ['metrics[]', message(metric)],
  3: ['seq', long],
  4: ['uuid', text],
  5: ['body', bytes],
})

/** Bits of the signed data types, which `int` and `long` hold without a sign. */
const signed: Readonly<Record<string, number>> = { Int8: 8, Int16: 16, Int32: 32, Int64: 64 }

/** Returns a payload as plain data. Throws if it is none. */
export function decodeSparkplug(data: Uint8Array): unknown {
  return read(new BinaryReader(data), data.length, payload())
}

function read(reader: BinaryReader, end: number, fields: Fields): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  while (reader.pos < end) {
    const [number, wire] = reader.tag()
    const field = fields[number]
    if (!field) {
      reader.skip(wire, number)
      continue
    }
    const [name, readValue] = field
    if (!name.endsWith('[]')) found[name] = readValue(reader, wire)
    else {
      const key = name.slice(0, -2)
      found[key] ??= []
      const list = found[key] as unknown[]
      // Numbers of a list may be packed into one field.
      if (wire === WireType.LengthDelimited && readValue === dataType) {
        const stop = reader.uint32() + reader.pos
        while (reader.pos < stop) list.push(readValue(reader, wire))
      } else list.push(readValue(reader, wire))
    }
  }
  if (reader.pos !== end) throw new RangeError('a field is longer than its message')
  return withSign(found)
}

function withSign(found: Record<string, unknown>): Record<string, unknown> {
  const bits = signed[String(found.datatype ?? found.type)]
  for (const name of ['int', 'long']) {
    const number = found[name]
    if (bits === undefined || (typeof number !== 'number' && typeof number !== 'bigint')) continue
    const value = BigInt.asIntN(bits, BigInt(number))
    found[name] = bits < 64 || BigInt(Number(value)) === value ? Number(value) : value
  }
  return found
}
