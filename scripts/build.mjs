// `npm run build`: sets up what is missing, and builds the npm package into pkg/dist and the pages
// into www/dist.
import { buildPackage, face, setUpBuild } from './lib/build.mjs'
import { readOptions } from './lib/options.mjs'
import { Report } from './lib/report.mjs'

const usage = `npm run build -- [--verbose]

  --verbose  show all output of all steps`

const { verbose } = readOptions({ verbose: { type: 'boolean' } }, usage)
const report = new Report({ verbose })
const env = await setUpBuild(report)
await buildPackage(report, env)
await report.step('pages', { needs: [face] }, async step => {
  await step.exec('npm', ['run', 'build', '--workspace', 'www'], { env })
})
process.exitCode = report.failed.length > 0 ? 1 : 0
