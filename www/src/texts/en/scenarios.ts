// Words of the scenarios of the playground, in English.
import type { ScenarioText } from '../playground-types.ts'

const starts: Readonly<Record<string, ScenarioText>> = {
  home: {
    title: 'A sensor and a dashboard',
    story:
      'A sensor, a dashboard, and the [[broker]] between them. The dashboard has subscribed to `home/#`. Publish something, or break something.',
    points: { connect: 'the sensor connects', subscribe: 'the dashboard subscribes' },
  },
  empty: {
    title: 'A broker alone',
    story: 'Nobody is connected yet. Add a [[client]] below.',
    points: {},
  },
  'fan-out': {
    title: 'One message, three subscribers',
    story:
      'The sensor has published once, at QoS 2. Each subscriber gets it by its own [[filter]], at the quality of its own [[subscription]].',
    points: {
      up: 'the sensor publishes at QoS 2',
      wall: 'the wall display gets it at QoS 0',
      phone: 'the phone gets it at QoS 1',
      log: 'the log gets it at QoS 2',
    },
  },
  'bad-link': {
    title: 'Three messages over a bad link',
    story:
      'Three readings at QoS 1, and each time a link is cut: on the way up, on the way of the acknowledgement, on the way down. Open the comparison below to see the same run at QoS 0 and 2.',
    points: {
      lost: 'a PUBLISH that is lost',
      again: 'it is sent again, with DUP',
      twice: 'the second reading comes twice',
    },
  },
  offline: {
    title: 'A dashboard that is away',
    story:
      'The link of the dashboard is dead for twenty seconds. Its [[session]] lives on, and the broker keeps two readings for it. Let time pass, or act before it is back.',
    points: { away: 'the link breaks', kept: 'a reading that the broker keeps' },
  },
  'last-will': {
    title: 'A sensor with a will',
    story:
      'The sensor has left a [[last will]] with the broker, and promises a [[keep alive]] of ten seconds. Disconnect it, kill it, or let its link go silent, and see who is told.',
    points: { armed: 'the broker has the will' },
  },
}

const bugs: Readonly<Record<string, ScenarioText>> = {
  'no-dup': {
    title: 'Sent again without DUP',
    story:
      'A device with a client of its own make publishes at QoS 1, and the PUBACK is lost. After it has connected again it resends the message, but forgets the mark [[DUP]]. In a capture the resending looks like a new reading, and the broker passes it on as one [MQTT-3.3.1-1]. The guarantee of packet identifiers below is broken by it.',
    points: {
      lost: 'the PUBACK that never arrives',
      again: 'the same PUBLISH, without DUP',
      twice: 'the dashboard gets the reading twice',
    },
    mended:
      'With DUP the dashboard still gets it twice, for QoS 1 is at least once. But whoever reads the traffic sees which message is the repetition. Only QoS 2 delivers it once.',
  },
  downgrade: {
    title: 'QoS 2, and lost all the same',
    story:
      'The sensor publishes at QoS 2, the broker confirms it, and the reading is lost. The dashboard has subscribed at QoS 0, and each [[hop]] has the lower of both qualities. So the second hop is a single PUBLISH without an answer, and the link was cut under it.',
    points: {
      subscribe: 'the dashboard subscribes at QoS 0',
      up: 'the first hop, at QoS 2',
      down: 'the second hop, at QoS 0, is lost',
    },
    mended: 'The dashboard subscribes at QoS 2. The broker sends the message again once the dashboard is back.',
  },
  overflow: {
    title: 'The queue was full',
    story:
      'The dashboard is away, and its [[session]] collects readings. This broker keeps three of them; the others are dropped. The sensor hears nothing of that: each of its messages is acknowledged, since the broker has taken it.',
    points: {
      away: 'the dashboard’s link breaks',
      full: 'the first reading that is dropped',
      acknowledged: 'its PUBACK, as if all were well',
      rest: 'the first reading that the dashboard gets',
    },
    mended:
      'A queue that is large enough for the longest absence keeps all six. For values of which only the last counts, retain them instead.',
  },
  'clean-start': {
    title: 'A clean start loses the queue',
    story:
      'The dashboard asks for a [[session]] of an hour, so the broker keeps a reading while its program is down. But when it comes back its CONNECT asks for a clean start. The broker throws the session away, and the reading with it.',
    points: {
      kept: 'the broker has taken the reading',
      anew: 'CONNECT, with Clean Start',
      ended: 'the session ends, and its queue',
    },
    mended: 'Without Clean Start the CONNECT takes the session up again, and the reading arrives.',
  },
  void: {
    title: 'Published into nothing',
    story:
      'The link of the sensor goes silent: a NAT has forgotten it, and nobody is told. The sensor publishes at QoS 0, and for its program each publication succeeds. Only the [[keep alive]] finds out, half a minute and two readings later.',
    points: {
      broken: 'the link goes silent',
      lost: 'a reading that nobody gets',
      done: 'the sensor takes it for sent',
      noticed: 'the sensor notices',
    },
    mended: 'At QoS 1 the readings have no PUBACK, so the sensor sends them again once it is back.',
  },
  'two-tabs': {
    title: 'Two tabs, one client identifier',
    story:
      'A dashboard has its client identifier in its source code, and a user opens it in two tabs. The broker lets each new tab in and throws the old one out [MQTT-3.1.4-3]. The old one connects again at once, and so they take turns for ever.',
    points: {
      first: 'tab 1 is thrown out: session taken over',
      second: 'now tab 2',
      again: 'and tab 1 again',
    },
    mended: 'Each tab has an identifier of its own, for example a random one that it keeps in sessionStorage.',
  },
  'polite-will': {
    title: 'A will after a clean goodbye',
    story:
      'The sensor is switched off in order: it sends DISCONNECT. Yet the dashboard is told that it is offline by accident. But its reason is 0x04, “disconnect with will message”, so the broker publishes the [[last will]] (§3.14.2.1).',
    points: { disconnect: 'DISCONNECT, with 0x04', fired: 'the will is published', message: 'the dashboard gets it' },
    mended: 'With the reason 0x00, which is also the one that is left out, the broker deletes the will.',
  },
  'reload-alarm': {
    title: 'Each reload is an alarm',
    story:
      'A page with a [[last will]] is reloaded. Its socket closes without a DISCONNECT, so the broker publishes the will at once. A moment later the page is back, and everybody has been told that it is gone.',
    points: {
      reload: 'the page is reloaded',
      fired: 'the will is published',
      message: 'the dashboard gets “offline”',
      back: 'the page is back',
    },
    mended: 'With a [[will delay]] of five seconds the broker waits, and the new connection cancels the will.',
  },
  proxy: {
    title: 'The proxy was faster',
    story:
      'The dashboard has a [[keep alive]] of two minutes, and a proxy before the broker closes each connection that is idle for one. So there is no ping in time, the link is closed every minute, and a reading that comes just then has no subscriber.',
    points: {
      silence: 'the last packet before the silence',
      cut: 'the proxy closes the link',
      nobody: 'a reading without a subscriber',
      again: 'a minute later, the same',
    },
    mended: 'A keep alive of half the proxy’s timeout: pings pass, and the link is never idle for a minute.',
  },
  'bridge-loop': {
    title: 'A bridge that hears itself',
    story:
      'A bridge forwards all of `home/#`, and its way leads back to the same broker. It gets its own messages again, since it has subscribed without No Local. One reading of the sensor goes round without end; here it is stopped after five rounds.',
    points: {
      first: 'the only reading of the sensor',
      forwarded: 'the bridge forwards it',
      back: 'and gets what it has forwarded',
      fifth: 'the fifth time',
    },
    mended: 'With No Local the broker does not send a client what it has published itself [MQTT-3.8.3-3].',
  },
  ghost: {
    title: 'A ghost in the cellar',
    story:
      'A sensor has published its temperature with RETAIN, and is taken down. A day later a new dashboard subscribes, and shows four degrees in a cellar where nothing measures any more. A [[retained message]] outlives its publisher.',
    points: {
      retained: 'the retained reading',
      gone: 'the sensor leaves for good',
      ghost: 'a day later it is still there',
    },
    mended: 'Before it leaves, the sensor publishes an empty message with RETAIN, which removes the old one.',
  },
  'dead-member': {
    title: 'Jobs for a dead worker',
    story:
      'Two workers share a subscription. The host of worker 1 loses its power, and nobody tells the broker. Until the [[keep alive]] runs out it gets its share of the jobs, and they wait there for nothing.',
    points: {
      dead: 'worker 1 is dead',
      stuck: 'a job that is sent to it',
      noticed: 'the broker gives it up',
      late: 'worker 2 gets that job, seconds late',
    },
    mended:
      'A worker that ends in order sends DISCONNECT, and all jobs go to the other one. For one that cannot, a short keep alive bounds the delay.',
  },
  'stale-alias': {
    title: 'An alias from before',
    story:
      'A device saves bytes by a topic alias. Its link breaks, it connects again, and goes on with the alias alone. But an alias ends with its connection: the broker does not know it, and ends the new one too (§3.3.2.3.4).',
    points: {
      named: 'the alias is set, beside the topic',
      alias: 'the alias alone',
      stale: 'the alias alone, on a new connection',
      out: 'the broker ends it',
    },
    mended: 'On each new connection the first message carries the topic again, with the alias beside it.',
  },
}

export const scenarios: Readonly<Record<string, ScenarioText>> = { ...starts, ...bugs }
