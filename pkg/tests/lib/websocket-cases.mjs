// Behaviour of a WebSocket, case by case, of a real one and of the broker's look-alike. It imports
// nothing, so that a page runs it too.

/** CONNECT of MQTT 3.1.1, and its CONNACK. */
const CONNECT = [0x10, 13, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x61]
const PINGREQ = [0xc0, 0]

/** An error as its users see it. */
function thrown(call) {
  try {
    call()
  } catch (error) {
    return [error instanceof DOMException ? 'DOMException' : error.constructor.name, error.name, error.code]
  }
  return 'none'
}

const next = (socket, type) => new Promise(resolve => socket.addEventListener(type, resolve, { once: true }))
const task = () => new Promise(resolve => setTimeout(resolve))

/** What a close event tells. */
const told = ({ type, code, reason, wasClean, bubbles, cancelable }) => {
  return { type, code, reason, wasClean, bubbles, cancelable }
}

async function opened(make, ...args) {
  const socket = make(...args)
  await next(socket, 'open')
  return socket
}

/** Closes with these arguments, and gives the error or the event. */
async function closedBy(make, ...args) {
  const socket = await opened(make)
  const error = thrown(() => socket.close(...args))
  if (error !== 'none') {
    const state = socket.readyState
    socket.close()
    await next(socket, 'close')
    return { error, state }
  }
  const state = socket.readyState
  return { state, event: told(await next(socket, 'close')) }
}

/** Events of a socket with its state at each. */
function log(socket) {
  const events = []
  for (const type of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(type, event => events.push([type, socket.readyState, event.code, event.target === socket]))
  }
  return events
}

/** Each is called with `make(url?, protocols?)`, and returns plain data. */
export const cases = {
  'constants stand on the class and on its instances, and stay'(make) {
    const socket = make()
    socket.addEventListener('error', () => {})
    socket.close()
    const target = Object.getPrototypeOf(socket)
    return ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'].map(name => {
      const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(socket.constructor, name)
      const error = thrown(() => {
        socket[name] = 7
      })
      return [socket[name], target[name], error[1], value, writable, enumerable, configurable]
    })
  },

  async 'what it has before it is open, and after'(make) {
    const socket = make()
    const look = () => {
      const { readyState, protocol, extensions, binaryType, bufferedAmount } = socket
      const { onopen, onmessage, onerror, onclose } = socket
      const slots = [onopen, onmessage, onerror, onclose]
      return { readyState, protocol, extensions, binaryType, bufferedAmount, slots, own: Object.keys(socket) }
    }
    const states = [look()]
    await next(socket, 'open')
    states.push(look())
    socket.close()
    states.push(look())
    await next(socket, 'close')
    return [...states, look(), socket instanceof EventTarget]
  },

  'attributes cannot be set'(make) {
    const socket = make()
    socket.close()
    return ['readyState', 'url', 'protocol', 'extensions', 'bufferedAmount'].map(name => {
      return thrown(() => {
        socket[name] = 'x'
      })[1]
    })
  },

  urls(make) {
    const rows = [
      'ws://localhost.invalid',
      'WSS://LOCALHOST.invalid:443/a/../b?q=ü',
      'http://localhost.invalid:80/x',
      'https://localhost.invalid/',
      'ws://user:word@localhost.invalid/',
      ' ws://localhost.invalid/trimmed ',
      'ws://localhost.invalid/#',
      'ws://localhost.invalid/#part',
      'ftp://localhost.invalid/',
      'mqtt://localhost.invalid/',
      'ws://',
      'ws:// ',
      'ws://localhost.invalid:65536/',
      'about:blank',
      // Of a page's address, where there is one.
      '/mqtt?a=b',
      '//localhost.invalid/x',
      '?q',
      '',
      Symbol('x'),
    ]
    return rows.map(url => {
      let socket
      const error = thrown(() => {
        socket = make(url)
        socket.close()
      })
      return [String(url), error, socket?.url]
    })
  },

  subprotocols(make) {
    const rows = [
      ['mqtt', 'mqtt'],
      ['mqtt', 'a', 'mqtt'],
      ['mqtt', 'MQTT'],
      [''],
      ['mqtt', ''],
      'two words',
      'a,b',
      'a/b',
      'a"b',
      'mqttü',
      'mqtt\n',
      ['mqtt', 'a(b)'],
      "!#$%&'*+-.^_`|~09azAZ",
      new Set(['mqtt', 'mqttv3.1']),
      [Symbol('x')],
      ['mqtt', null],
    ]
    return rows.map(protocols => thrown(() => make(undefined, protocols).close()))
  },

  async 'the subprotocol that is chosen, or none'(make) {
    const results = []
    for (const protocols of ['mqtt', ['mqttv3.1', 'mqtt'], ['other', 'mqttv3.1'], ['other'], []]) {
      const socket = make(undefined, protocols)
      const events = log(socket)
      await Promise.race([next(socket, 'open'), next(socket, 'close')])
      results.push([socket.protocol, events])
      socket.close()
    }
    return results
  },

  async 'close: arguments that are codes'(make) {
    const codes = [undefined, 1000, 3000, 4999, 1001, 1003, 1005, 1006, 2999, 5000, 0, -1, 65_536 + 1000]
    const others = ['1000', '', 'x', null, true, Number.NaN, Number.POSITIVE_INFINITY, 1000.4, 1000.5, {}]
    const results = []
    for (const code of [...codes, ...others]) results.push([`${code}`, await closedBy(make, code)])
    results.push(['none', await closedBy(make)])
    return results
  },

  async 'close: arguments that are reasons'(make) {
    const results = []
    const reasons = ['', 'done', 'ü'.repeat(61), 'ü'.repeat(62), 'x'.repeat(123), 'x'.repeat(124), 7, null, undefined]
    for (const reason of [...reasons, 'a\ud800b', '\u{1f600}'.repeat(30), '\u{1f600}'.repeat(31), '\0']) {
      results.push([`${reason}`, await closedBy(make, 3000, reason)])
    }
    results.push(await closedBy(make, 1001, 'x'.repeat(124)))
    return results
  },

  async 'close: what cannot be converted'(make) {
    const socket = await opened(make)
    const results = [Symbol('x'), 1000n].map(code => thrown(() => socket.close(code))[1])
    results.push(thrown(() => socket.close(1000, Symbol('x')))[1], socket.readyState)
    socket.close()
    await next(socket, 'close')
    return results
  },

  async 'close: before it is open, twice, and afterwards'(make) {
    const socket = make()
    const events = log(socket)
    socket.close(3000, 'early')
    const states = [socket.readyState]
    socket.close(1000)
    const event = told(await next(socket, 'close'))
    socket.close()
    states.push(socket.readyState, thrown(() => socket.close(1001))[1])
    const late = await opened(make)
    const lateEvents = log(late)
    late.close(3001, 'first')
    late.close(3002, 'second')
    return [states, event, events, told(await next(late, 'close')), lateEvents]
  },

  async 'binaryType: only what there is'(make) {
    const socket = await opened(make)
    const results = []
    const other = { toString: () => 'arraybuffer' }
    for (const value of ['arraybuffer', 'Blob', 'nodebuffer', '', null, undefined, 7, 'blob', other]) {
      socket.binaryType = value
      results.push(socket.binaryType)
    }
    results.push(
      thrown(() => {
        socket.binaryType = Symbol('x')
      })[1],
    )
    socket.binaryType = 'blob'
    socket.send(new Uint8Array(CONNECT))
    const { data } = await next(socket, 'message')
    socket.binaryType = 'arraybuffer'
    socket.send(new Uint8Array(PINGREQ))
    const message = await next(socket, 'message')
    results.push(data.constructor.name, data.size, message.data.constructor.name, message.data.byteLength)
    results.push(
      message.lastEventId,
      message.source,
      message.ports.length,
      message.origin === new URL(socket.url).origin,
    )
    socket.close()
    return results
  },

  async 'send: states and kinds'(make) {
    const socket = make()
    socket.binaryType = 'arraybuffer'
    const early = [thrown(() => socket.send(new Uint8Array(1))), thrown(() => socket.send('x'))]
    await next(socket, 'open')
    const none = thrown(() => socket.send())[1]
    const bytes = new Uint8Array([0, ...CONNECT, 0])
    socket.send(new DataView(bytes.buffer, 1, CONNECT.length))
    const first = await next(socket, 'message')
    // What is changed after it was sent is not sent.
    const ping = new Uint8Array(PINGREQ)
    socket.send(ping.buffer)
    ping.fill(0)
    const second = await next(socket, 'message')
    socket.close()
    const late = [thrown(() => socket.send(new Uint8Array(3))), socket.bufferedAmount > 0]
    await next(socket, 'close')
    late.push(
      thrown(() => socket.send('text')),
      socket.bufferedAmount > 3,
    )
    return [early, none, first.data.byteLength, second.data.byteLength, late]
  },

  async 'send: values that are neither bytes nor text'(make) {
    const results = []
    for (const value of [42, null, true, 7n, {}, [1], Symbol('x'), Object.create(null)]) {
      const early = make()
      results.push(thrown(() => early.send(value))[1])
      await next(early, 'open')
      const error = thrown(() => early.send(value))
      // The broker takes no text.
      if (error !== 'none') early.close()
      const { code } = await next(early, 'close')
      results.push(error, code)
    }
    return results
  },

  async 'send: a Blob, and what follows it'(make) {
    const socket = await opened(make)
    socket.binaryType = 'arraybuffer'
    const heads = []
    socket.onmessage = ({ data }) => heads.push(...new Uint8Array(data).slice(0, 1), data.byteLength)
    socket.send(new Blob([new Uint8Array(CONNECT)]))
    const amount = socket.bufferedAmount
    socket.send(new Uint8Array(PINGREQ))
    socket.send(new Blob([new Uint8Array(PINGREQ), new Uint8Array(PINGREQ)]))
    socket.send(new Uint8Array(PINGREQ))
    socket.send(new Blob([]))
    // CONNACK of 4 bytes, and four times PINGRESP of 2, in frames of any number.
    const bytes = () => heads.reduce((sum, value, index) => sum + (index % 2 ? value : 0), 0)
    while (bytes() < 4 + 4 * 2) await next(socket, 'message')
    socket.close(3000)
    return [amount, heads[0], bytes(), told(await next(socket, 'close'))]
  },

  async 'send: a Blob before the close'(make) {
    const socket = await opened(make)
    socket.send(new Blob([new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff])]))
    socket.close(3000, 'done')
    return [socket.readyState, Object.prototype.toString.call(socket), (await next(socket, 'close')).wasClean]
  },

  async 'bufferedAmount: what was sent in this task'(make) {
    const socket = await opened(make)
    const amounts = [socket.bufferedAmount]
    for (const size of [0, 10, 200]) {
      socket.send(new Uint8Array(size ? CONNECT : []))
      amounts.push(socket.bufferedAmount)
    }
    await next(socket, 'message')
    while (socket.bufferedAmount > 0) await task()
    socket.close()
    return amounts
  },

  async 'attributes of handlers'(make) {
    const socket = await opened(make)
    const calls = []
    const one = () => calls.push('one')
    const results = []
    const object = { handleEvent: () => calls.push('object') }
    for (const value of [one, null, object, 7, one, 'text', one, undefined, Symbol('x')]) {
      socket.onclose = value
      results.push(socket.onclose === value, socket.onclose === null)
    }
    // The place is that of the first handler since there was none.
    socket.onclose = one
    socket.addEventListener('close', () => calls.push('listener'))
    socket.onclose = function (event) {
      calls.push(['replaced', this === socket, event.type])
    }
    socket.onmessage = null
    socket.onerror = object
    socket.close()
    await next(socket, 'close')
    const again = await opened(make)
    again.onclose = one
    again.addEventListener('close', () => calls.push('second listener'))
    again.onclose = null
    again.onclose = () => calls.push('moved')
    again.close()
    await next(again, 'close')
    return [results, calls]
  },

  async 'listeners: options and objects'(make) {
    const socket = await opened(make)
    const calls = []
    const controller = new AbortController()
    const listener = () => calls.push('plain')
    const object = {
      handleEvent(event) {
        calls.push(['object', this === object, event.type])
      },
    }
    socket.addEventListener('message', listener)
    socket.addEventListener('message', listener)
    socket.addEventListener('message', listener, { capture: true })
    socket.addEventListener('message', listener, true)
    socket.addEventListener('message', object)
    socket.addEventListener('message', () => calls.push('once'), { once: true })
    socket.addEventListener('message', () => calls.push('aborted'), { signal: controller.signal })
    socket.addEventListener('message', () => calls.push('never'), { signal: AbortSignal.abort() })
    socket.addEventListener('message', null)
    socket.send(new Uint8Array(CONNECT))
    await next(socket, 'message')
    controller.abort()
    socket.removeEventListener('message', listener)
    socket.removeEventListener('message', object, true)
    calls.push('next')
    socket.send(new Uint8Array(PINGREQ))
    await next(socket, 'message')
    socket.close()
    return calls
  },

  async 'events and their order'(make) {
    const socket = make()
    const events = log(socket)
    const order = []
    socket.onopen = () => {
      order.push('open')
      queueMicrotask(() => order.push('microtask'))
    }
    await next(socket, 'open')
    for (const packet of [CONNECT, PINGREQ]) {
      socket.send(new Uint8Array(packet))
      await next(socket, 'message')
    }
    // A frame that cannot be MQTT ends it from the other side.
    socket.send(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff]))
    const event = told(await next(socket, 'close'))
    const text = await opened(make)
    text.send('text')
    return [events, order, event, told(await next(text, 'close'))]
  },

  async 'messages after close() are not told'(make) {
    const socket = await opened(make)
    const events = log(socket)
    socket.send(new Uint8Array(CONNECT))
    socket.close()
    await next(socket, 'close')
    return events
  },
}

/**
 * Cases in which the WebSocket of Node 20 departs from the standard, unlike browsers: subprotocols
 * are compared without their case, one that is missing is no failure, a BigInt is a code, `close()`
 * before the opening is another way, an invalid `binaryType` resets it, and objects leave no trace
 * in `on…` attributes.
 */
export const departuresOfNode = [
  'subprotocols',
  'the subprotocol that is chosen, or none',
  'close: what cannot be converted',
  'close: before it is open, twice, and afterwards',
  'binaryType: only what there is',
  'send: states and kinds',
  'attributes of handlers',
]

/** Cases of the package `ws`, of a listener by `on`. */
export const nodeCases = {
  async 'off and once tell types and listeners apart'(make) {
    const socket = make()
    const calls = []
    const both = (...values) => calls.push(['both', ...values.map(value => typeof value)])
    const one = () => calls.push('one')
    socket.on('error', () => {})
    socket.on('open', both)
    socket.on('message', both)
    socket.off('open', both)
    socket.once('open', one)
    socket.once('message', one)
    socket.removeListener('open', one)
    socket.off('open', () => {})
    socket.off('nothing', one)
    await next(socket, 'open')
    // Twice on, once off.
    const twice = () => calls.push('twice')
    socket.on('message', twice).on('message', twice).off('message', twice)
    for (const packet of [CONNECT, PINGREQ]) {
      socket.send(new Uint8Array(packet))
      await next(socket, 'message')
    }
    socket.once('close', function (code, reason) {
      calls.push(['close', code, new TextDecoder().decode(reason), this === socket])
    })
    socket.close(3000, 'reason')
    await next(socket, 'close')
    return calls
  },

  async 'a once that was taken back can be given again'(make) {
    const socket = make()
    const calls = []
    const listener = () => calls.push('called')
    socket.once('open', listener)
    socket.off('open', listener)
    socket.once('message', listener)
    await next(socket, 'open')
    for (const packet of [CONNECT, PINGREQ, PINGREQ]) {
      socket.send(new Uint8Array(packet))
      await next(socket, 'message')
    }
    socket.on('message', listener)
    socket.send(new Uint8Array(PINGREQ))
    await next(socket, 'message')
    socket.terminate()
    const { code, wasClean } = await next(socket, 'close')
    return [calls, code, wasClean]
  },
}

/** Rejects after a time that no case takes. */
function late() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('the case does not end')), 5_000)
  })
}

/** Runs all cases, and returns their results by name. A failure is a result too. */
export async function results(all, make) {
  const found = {}
  for (const [name, run] of Object.entries(all)) {
    try {
      const result = await Promise.race([run(make), late()])
      found[name] = JSON.parse(JSON.stringify(result ?? null))
    } catch (error) {
      found[name] = `${error.stack}`
    }
  }
  return found
}
