// Chapter: overlaps, shares and options of subscriptions, in English.
import type { ChapterText } from '../types.ts'

export const subscriptions: ChapterText = {
  exercises: {
    overlap: {
      intro: [
        'The dashboard has two [[subscription|subscriptions]]: `home/#` at [[QoS|QoS 1]], and `home/kitchen/temperature` at QoS 0.',
        'The sensor publishes 21.5 on `home/kitchen/temperature`, at QoS 1. Both filters match.',
      ],
      question: 'How does the message come?',
      options: {
        twice: 'Twice: once for each subscription',
        exact: 'Once, at QoS 0: the more exact filter decides',
        highest: 'Once, at QoS 1: the higher one decides',
      },
      verdicts: {
        twice: 'One PUBLISH comes down, and the dashboard is given one message.',
        exact: 'The PUBLISH that comes down has QoS 1. How exact a filter is does not count.',
        highest: 'One PUBLISH, at the higher of the two qualities.',
      },
      run: 'Both filters match, as the comparison below shows. Count the arrows to the dashboard.',
      why: [
        'If several subscriptions of one client match, the broker sends the message at the highest quality of them. This broker sends it once. Others may send a copy for each, so a handler should bear that.',
        'A [[SUBSCRIBE]] with a filter that is there already replaces that subscription. It adds none.',
        'To learn which of its subscriptions matched, a client of MQTT 5 gives each one a number, the subscription identifier. The broker puts the numbers into the PUBLISH.',
      ],
      points: { down: 'the PUBLISH that comes down', message: 'the only message' },
      task: [
        'The dashboard has `home/#` at QoS 0. The temperature of the kitchen matters more: it shall come at QoS 1, and that of the hall still at QoS 0.',
        'Subscribe, then let both rooms publish.',
      ],
      hints: ['One more subscription is enough.', 'It has a filter of its own, and the higher quality.'],
      mistakes: {
        replaced: 'The same filter replaced the subscription. Now the hall comes at QoS 1 too.',
        exact: 'The kitchen came at QoS 0. A more exact filter changes nothing unless its quality is higher.',
      },
      solved: 'Two subscriptions, one message, and the higher quality where it matters.',
    },
    shared: {
      intro: [
        'A shop has more orders than one worker can take. Anna and Ben both subscribe to `$share/crew/shop/orders`: a [[shared subscription]] of the group `crew`.',
        'Four orders are published.',
      ],
      question: 'What do they get?',
      options: { all: 'Each of them gets all four', split: 'Each order goes to one of them' },
      verdicts: {
        all: 'Ben got some of the orders only. The others went to Anna.',
        split: 'The broker gives each order to one member of the group.',
      },
      run: 'Four orders go up. Follow each to a worker.',
      why: [
        'A usual subscription is a wish for a copy. A [[shared subscription]] is a wish for a part of the work: each message goes to one member of the group.',
        'The name behind `$share/` is the group, and the rest is the filter. Groups do not know of each other. A client without `$share` gets its copy as ever.',
        'If a member goes away, its share goes to the others. There are no retained messages for a group, since nobody is the one who is new.',
      ],
      points: { anna: 'an order of Anna’s', ben: 'an order of Ben’s' },
      task: [
        'Anna and Ben shall share the orders, so that nobody does one twice. Their boss shall see all four, and do none.',
        'Subscribe for each of them, then publish the orders.',
      ],
      hints: [
        'Two of them are in one group, which has one name.',
        'The boss wants a copy, so it is a usual subscription.',
      ],
      mistakes: {
        doubled: 'One order went to both workers. Without a group, or with a group for each, everybody gets a copy.',
        'boss-works': 'The boss is in the group, and so got a part of the orders. Those were done by nobody else.',
      },
      solved: 'The crew shares, and the boss watches.',
    },
    echo: {
      intro: [
        'Two houses have a broker each. A [[bridge]] is a client of both: what it hears here it publishes there, and the other way round. So it has subscribed to `home/#`.',
        'It has heard 21.5 over there, and publishes it here.',
      ],
      question: 'What comes back to the bridge?',
      options: {
        spared: 'Nothing: it is the sender',
        back: 'Its own message: the filter matches',
      },
      verdicts: {
        spared: 'Its own message came back to it. A filter does not ask who has sent.',
        back: 'The message came back. The bridge would now publish it over there, hear it again, and so on.',
      },
      run: 'The bridge’s message goes up, and to the dashboard. Look at the bridge’s own line.',
      why: [
        'A client gets what it publishes itself, if it has subscribed to it. For a bridge that is a loop: the message goes round, for ever.',
        'MQTT 5 has an option of a subscription for that: [[No Local]]. What a client has published is then not sent back to it.',
        'It breaks the loop of one bridge. Where three brokers stand in a ring, it does not help. There give each direction topics of its own, or count the hops in a [[user property]].',
      ],
      points: { brought: 'the bridge’s message', back: 'the same message, back again' },
      task: [
        'Let the bridge subscribe so that its own message does not come back, and that of the dashboard does. Then let both publish.',
      ],
      hints: ['It still has to subscribe.', 'One option decides.'],
      mistakes: {
        echoed: 'The bridge’s own message came back to it. That is how a loop begins.',
        deaf: 'The dashboard’s message did not come to the bridge, which had not subscribed.',
      },
      solved: 'It hears the others, and not itself.',
    },
    handling: {
      intro: [
        'The broker keeps a [[retained message]], 21.0. The dashboard has subscribed, and got it.',
        'Later the program subscribes once more with the same filter, as many do after each connection.',
      ],
      question: 'What comes?',
      options: {
        known: 'Nothing: the subscription is there already',
        again: 'The 21.0, once more',
      },
      verdicts: {
        known: 'The broker sent the retained message again, as for a new subscription.',
        again: 'Each SUBSCRIBE brings the retained messages, also a repeated one.',
      },
      run: 'A second SUBSCRIBE with the same filter. See what follows its SUBACK.',
      why: [
        'By default each [[SUBSCRIBE]] brings the retained messages that match. With ten thousand of them that is a flood at each connection.',
        'In MQTT 5 [[Retain Handling]] says when they come: 0 at each SUBSCRIBE, 1 only if the subscription is new, 2 never.',
        'With a [[session]] that is kept, 1 is the one to take.',
      ],
      points: { subscribe: 'the repeated SUBSCRIBE', again: 'the message that came again' },
      task: ['Subscribe twice. The retained message shall come the first time, and not the second.'],
      hints: ['Choose the same handling both times.', 'It depends on whether the subscription is new.'],
      mistakes: {
        each: 'It came both times.',
        never: 'It did not come at all, not even the first time.',
      },
      solved: 'Once, when the subscription was new.',
    },
    'as-published': {
      intro: [
        'A [[bridge]] carries messages from this broker to another one. It has subscribed to `home/#`. The sensor publishes 21.0 with RETAIN, so that both brokers keep it.',
      ],
      question: 'Does the message come to the bridge with RETAIN?',
      options: {
        kept: 'Yes: it was published so',
        cleared: 'No: the broker clears the mark',
      },
      verdicts: {
        kept: 'The PUBLISH to the bridge has no RETAIN. So the bridge could not know that it is to be kept.',
        cleared: 'RETAIN went up, and did not come down.',
      },
      run: 'Compare the badges of the two PUBLISH packets.',
      why: [
        'To a broker RETAIN says: keep this. To a subscriber it says something else: this is an old message, that I have kept. A live one comes without it.',
        'A bridge needs the mark as it was. In MQTT 5 it subscribes with [[Retain As Published]].',
      ],
      points: { up: 'the PUBLISH with RETAIN', down: 'the same without' },
      task: ['Let the bridge get a live message with the mark that the sensor has set.'],
      hints: ['Live means that the subscription is there first.', 'One option of the subscription decides.'],
      mistakes: {
        plain: 'The message came without RETAIN. The other broker would not keep it.',
        late: 'That is the kept message, which has RETAIN because it is old. A live one is asked for.',
      },
      solved: 'As it was published, so it came.',
    },
  },
  recall: {
    overlap: {
      question: 'Two subscriptions of a client match, at QoS 0 and 2. At which quality does the message come?',
      options: { highest: 'The higher one', exact: 'That of the more exact filter', latest: 'That of the later one' },
      why: 'The highest of those that match, and never above that of the message.',
    },
    share: {
      question: 'Three clients are in one group of a shared subscription. Who gets a message?',
      options: { one: 'One of them', all: 'All three', first: 'Always the first' },
      why: 'Each message goes to one member.',
    },
    loop: {
      question: 'What keeps a bridge from hearing itself?',
      options: { 'no-local': 'No Local', qos: 'QoS 2', retain: 'Retain As Published' },
      why: 'With No Local the broker does not send back what the client itself has published.',
    },
  },
}
