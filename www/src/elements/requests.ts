// Requests of elements: events that carry plain data upwards. They do not bubble; the owner of the
// element listens to it.
import type { ConnectRequest } from '../model/connection.ts'
import type { Publication, QoS } from '../model/message.ts'

export class ConnectRequestEvent extends Event {
  constructor(readonly request: ConnectRequest) {
    super('connect-request')
  }
}

export class DisconnectRequestEvent extends Event {
  constructor() {
    super('disconnect-request')
  }
}

export class PublishRequestEvent extends Event {
  constructor(readonly publication: Publication) {
    super('publish-request')
  }
}

export class SubscribeRequestEvent extends Event {
  constructor(
    readonly filter: string,
    readonly qos: QoS,
  ) {
    super('subscribe-request')
  }
}

export class UnsubscribeRequestEvent extends Event {
  constructor(readonly filter: string) {
    super('unsubscribe-request')
  }
}

export class ClearRequestEvent extends Event {
  constructor() {
    super('clear-request')
  }
}

export class QosChangeEvent extends Event {
  constructor(readonly qos: QoS) {
    super('qos-change')
  }
}

export class PacketSelectEvent extends Event {
  constructor(readonly packetId: number) {
    super('packet-select')
  }
}

export class FilterChangeEvent extends Event {
  constructor(readonly filter: string) {
    super('filter-change')
  }
}

export class TopicAddEvent extends Event {
  constructor(readonly topic: string) {
    super('topic-add')
  }
}

export class TopicRemoveEvent extends Event {
  constructor(readonly topic: string) {
    super('topic-remove')
  }
}
