// Events of a broker, to be awaited.

/** The next event of the broker that is of this type. */
export function told(broker, type) {
  return new Promise(resolve => {
    const listener = ({ detail }) => {
      if (detail.type !== type) return
      broker.removeEventListener('event', listener)
      resolve(detail)
    }
    broker.addEventListener('event', listener)
  })
}
