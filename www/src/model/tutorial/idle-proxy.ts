// A proxy between a client and the broker, which cuts a link on which nothing has passed for long.
import type { Action, World } from 'wasmqtt/simulator'

export interface IdleProxy {
  readonly client: string
  /** Milliseconds without a packet after which it cuts. */
  readonly idle: number
}

/** Returns when the proxy cuts, if nothing passes until then; undefined without a whole link. */
export function cutAt(world: World, { client, idle }: IdleProxy): number | undefined {
  const { clients, links } = world.snapshot()
  const number = clients.find(({ clientId }) => clientId === client)?.link
  const link = links.find(({ link }) => link === number)
  if (link?.client.state !== 'open' || link.isBroken) return undefined
  const last = world.trace().entries.findLast(entry => entry.type === 'packet' && entry.link === number)
  return last === undefined ? undefined : last.at + idle
}

/** The cut. Both hosts learn of it at once, since the proxy closes both of its sockets. */
export const cutOf = ({ client }: IdleProxy): Action => ({ type: 'cut', client, clientLearns: 0, brokerLearns: 0 })

/** Lets milliseconds pass behind a proxy. */
export function runBehind(world: World, proxy: IdleProxy, milliseconds: number): void {
  const end = world.now + milliseconds
  while (world.now < end) {
    const { now, nextAt = end } = world.position
    const at = cutAt(world, proxy) ?? end
    const to = Math.min(end, at, nextAt)
    if (at <= now) world.act(cutOf(proxy))
    else if (to > now) world.run(to - now)
    else world.step()
  }
}
