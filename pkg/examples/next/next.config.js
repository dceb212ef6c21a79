import { fileURLToPath } from 'node:url'

// Pages as files, and nothing that depends on a server of Next.
export default {
  output: 'export',
  turbopack: { root: fileURLToPath(new URL(process.env.EXAMPLES_ROOT ?? '.', import.meta.url)) },
}
