// Two ends of one stream in the process.
import { Duplex } from 'node:stream'

/** Two streams, each of which reads what the other writes. `options` are those of the first. */
export function pair(options = {}) {
  const ends = [options, {}].map(
    (more, side) =>
      new Duplex({
        read() {},
        write(bytes, _, done) {
          ends[1 - side].push(bytes)
          done()
        },
        final(done) {
          ends[1 - side].push(null)
          done()
        },
        destroy(error, done) {
          if (!ends[1 - side].readableEnded) ends[1 - side].push(null)
          done(error)
        },
        ...more,
      }),
  )
  return ends
}
