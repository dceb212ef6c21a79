// The router at 1,000,000 subscriptions, natively: a benchmark of its own, which is run from here.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Prints what `cargo bench --bench router` prints. */
export async function showRouter() {
  console.log(
    '\nThe router (cargo bench --bench router): a match is to cost the same at 1,000 and at 1,000,000 filters.\n',
  )
  const child = spawn('cargo', ['bench', '--locked', '--quiet', '--bench', 'router'], { cwd: root, stdio: 'inherit' })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`cargo bench ended with ${code}`)
}
