// `npm run build`: sets up what is missing and builds the npm package into pkg/dist.
import { buildPackage, setUpBuild } from './lib/build.mjs'
import { readOptions } from './lib/options.mjs'
import { Report } from './lib/report.mjs'

const usage = `npm run build -- [--verbose]

  --verbose  show all output of all steps`

const { verbose } = readOptions({ verbose: { type: 'boolean' } }, usage)
const report = new Report({ verbose })
await buildPackage(report, await setUpBuild(report))
process.exitCode = report.failed.length > 0 ? 1 : 0
