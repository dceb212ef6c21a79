// Titles of the chapters and exercises, in English.
import type { ChapterTitles } from '../types.ts'

export const titles: Readonly<Record<string, ChapterTitles>> = {
  connect: {
    title: 'Connecting',
    lead: 'A client says who it is, and the broker answers.',
    exercises: {
      greeting: 'Hello, broker',
      credentials: 'Who goes there?',
    },
  },
  publish: {
    title: 'Publishing and topics',
    lead: 'The sender does not know who listens, and the listener does not know who sends.',
    exercises: {
      through: 'Through the broker',
      names: 'Every letter counts',
    },
  },
  wildcards: {
    title: 'Wildcards',
    lead: 'One subscription for many topics.',
    exercises: {
      plus: 'One level, any name',
      hash: 'All that is left',
      levels: 'A place for everything',
      dollar: 'Behind the dollar',
    },
  },
  qos: {
    title: 'Quality of service',
    lead: 'At most once, at least once, exactly once: what is promised, and what it costs.',
    exercises: {
      'at-most-once': 'At most once',
      'at-least-once': 'At least once',
      'exactly-once': 'Exactly once',
      'by-hop': 'Hop by hop',
      order: 'In order, and again',
      cost: 'What it costs',
      idempotent: 'Twice is as good as once',
    },
  },
  sessions: {
    title: 'Sessions',
    lead: 'What client and broker remember while the link is down.',
    exercises: {
      session: 'While you were away',
      'clean-start': 'A clean start',
      bounds: 'No room in the queue',
    },
  },
  retained: {
    title: 'Retained messages',
    lead: 'The last value, for those who come late.',
    exercises: {
      'last-value': 'The last value',
      ghost: 'A ghost in the kitchen',
    },
  },
  subscriptions: {
    title: 'Subscriptions',
    lead: 'They overlap, they share, and they have options.',
    exercises: {
      overlap: 'Two filters, one message',
      shared: 'Many hands',
      echo: 'The echo',
      handling: 'Not again',
      'as-published': 'The mark on the message',
    },
  },
  'keep-alive': {
    title: 'Keep alive',
    lead: 'A dead link looks like a quiet one. How does anybody notice?',
    exercises: {
      'half-open': 'The plug is pulled',
      proxy: 'Sixty seconds',
      takeover: 'Two of the same name',
    },
  },
  will: {
    title: 'Last will',
    lead: 'A message that is left with the broker, for the case that the client is gone.',
    exercises: {
      'last-will': 'If I do not come back',
      parting: 'Goodbye, and tell them',
      delayed: 'Only a moment',
    },
  },
  mqtt5: {
    title: 'MQTT 5',
    lead: 'The newer version of the protocol says more: lifetimes, reasons, limits.',
    exercises: {
      expiry: 'Stale news',
      limits: 'What this broker can do',
      aliases: 'A number for a name',
      flow: 'Not so fast',
      reasons: 'Success, but',
      properties: 'What is in it',
      request: 'Question and answer',
      versions: 'Old and new',
    },
  },
  operating: {
    title: 'A broker of your own',
    lead: 'What the broker tells, what lies below MQTT, and how to find what is wrong.',
    exercises: {
      sys: 'How are you, broker?',
      stream: 'Half a packet',
      bytes: 'Ten bytes',
      restart: 'After the update',
      room: 'No room for three',
      debug: 'Nothing comes',
    },
  },
}
