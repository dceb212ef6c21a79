// Chapter: keep alive and half-open links, in English.
import type { ChapterText } from '../types.ts'

export const keepAlive: ChapterText = {
  exercises: {
    'half-open': {
      intro: [
        'When the sensor connected it promised a [[keep alive]] of ten seconds: it is never silent for longer. If it has nothing to say, it sends [[PINGREQ]].',
        'Somebody pulls the plug of the sensor’s router. Nothing says goodbye, and nothing arrives any more.',
      ],
      question: 'When does the broker give the sensor up?',
      options: {
        'at-once': 'At once: the link is gone',
        ten: 'Ten seconds after the last packet',
        fifteen: 'Fifteen seconds after the last packet',
      },
      verdicts: {
        'at-once': 'The broker noticed nothing for a long time. Silence is all that it gets from a dead link.',
        ten: 'The broker waited for one and a half times the keep alive. A packet may be slow, after all.',
        fifteen: 'One and a half times the keep alive: so much patience the broker has.',
      },
      run: 'The sensor’s line turns to long dashes: the link is half open. Look at the time at which the broker acts.',
      why: [
        'A broken link sends no message about it. As long as nobody writes, a dead link looks like a quiet one. It is called [[half-open]]: one end is gone, and the other does not know.',
        'The keep alive puts a bound to that. After one and a half times of it without any packet, the broker ends the connection. The client itself gives up if [[PINGRESP]] does not come.',
        'A small keep alive notices soon, and costs battery. Networks also cut links that are silent for a minute or so: stay below that.',
      ],
      points: { broken: 'the pulled plug', noticed: 'the moment at which the broker notices' },
      task: [
        'Start the sensor with a keep alive, let it connect, and pull its plug. The broker shall notice within ten seconds.',
        'It can be set only when the sensor starts. To try another, start again.',
      ],
      hints: ['The broker is more patient than the number says.', 'One and a half times of what is ten at most?'],
      mistakes: {
        none: 'Half a minute has passed, and the broker has noticed nothing. Without keep alive it may never do so.',
        long: 'Half a minute has passed, and the broker still waits: one and a half times the keep alive is longer than that.',
        slow: 'The broker noticed, but too late: it waits for one and a half times the keep alive.',
      },
      solved: 'The broker knows within ten seconds, and can act on it. The next chapter shows how.',
    },
    proxy: {
      intro: [
        'Between the sensor and the [[broker]] stands a proxy, as in front of most servers. It cuts a [[link]] on which nothing has passed for sixty seconds.',
        'The sensor has a [[keep alive]] of 90 seconds, and nothing to say.',
      ],
      question: 'What happens in the first hundred seconds?',
      options: {
        stays: 'The keep alive keeps the link open',
        cut: 'The proxy cuts the link',
      },
      verdicts: {
        stays:
          'After sixty seconds of silence the proxy cut the link. The first ping would have come thirty seconds later.',
        cut: 'Sixty seconds of silence were too long, whatever client and broker had agreed on.',
      },
      run: 'Nothing is sent after CONNACK. See when the link breaks, and who learns of it.',
      why: [
        'A [[keep alive]] is an agreement of client and broker. Proxies, firewalls and mobile networks in between know nothing of it, and drop what is silent. Sixty seconds are common, and some wait for less.',
        'So the keep alive has to be shorter than the shortest of these times: 30 or 45 seconds for a page. The ping itself is two bytes.',
        'A link that breaks after the same time again and again is a sign of it. The other remedy is a longer time in the proxy’s own settings.',
      ],
      points: { broken: 'the cut', gone: 'the broker’s notice' },
      task: ['Start the sensor so that it stays on the same link for more than three minutes, behind the same proxy.'],
      hints: ['How long may it be silent?', 'Its pings have to come before that.'],
      mistakes: {
        off: 'Without a keep alive nothing passed at all, and the proxy cut the link.',
        slow: 'Its first ping would have come after the proxy had cut the link.',
      },
      solved: 'A ping in time, and the proxy sees that the link is in use.',
    },
    takeover: {
      intro: [
        'The dashboard’s computer loses its network without a word: the [[link]] is [[half-open]], and the broker believes that all is well.',
        'The page is loaded again over another network. It connects under the same [[client identifier]].',
      ],
      question: 'There is such a client already. What does the broker do?',
      options: {
        refused: 'It refuses the newcomer, since the name is taken',
        both: 'It serves both',
        new: 'It ends the older connection, and takes the new one',
      },
      verdicts: {
        refused: 'CONNACK came at once. The broker ended the other connection in which it still believed.',
        both: 'The broker ended the older connection: one name is one connection.',
        new: 'The older connection is ended, with the reason “session taken over”.',
      },
      run: 'The older link is silent. See what the broker sends on it when the new CONNECT comes.',
      why: [
        'A [[client identifier]] stands for one client. If it connects again, the broker ends the older connection, and gives the [[session]] to the new one. That is called takeover.',
        'It heals half-open links. But two programs under one name throw each other out, over and over, if both connect again by themselves. It looks like a bad network.',
        'So each tab and each device needs a name of its own. In MQTT 5 the one that is thrown out is told why, by [[DISCONNECT]].',
      ],
      points: { connect: 'the new CONNECT', taken: 'the end of the older connection' },
      task: ['Make the broker throw out a connection that it still believes in.'],
      hints: [
        'If the broker is told that the link is closed, there is nothing to take over.',
        'Let the link go silent first.',
      ],
      mistakes: {
        told: 'The page closed its link first, and the broker heard of it. There was nothing left to throw out.',
      },
      solved: 'Session taken over: one name, one connection.',
    },
  },
  recall: {
    half: {
      question: 'After which silence does a broker give up a client?',
      options: {
        'one-and-a-half': 'One and a half times the keep alive',
        one: 'The keep alive',
        'at-once': 'None: it notices at once',
      },
      why: 'The half more is for packets that are slow.',
    },
    zero: {
      question: 'Keep alive is off, and the link dies silently. When does the broker notice?',
      options: { never: 'Perhaps never', 'at-once': 'At once', minute: 'After a minute' },
      why: 'A dead link and a quiet one look the same.',
    },
    'same-name': {
      question: 'A second connection comes under the same client identifier. Which one ends?',
      options: { older: 'The older one', newer: 'The newer one', neither: 'Neither' },
      why: 'One name is one connection, and the newer one takes over.',
    },
  },
}
