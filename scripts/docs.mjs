// `npm run docs`: builds the package, then the API reference from its types, into docs/api.
import { buildPackage, setUpBuild } from './lib/build.mjs'
import { setUpExamples } from './lib/examples.mjs'
import { readOptions } from './lib/options.mjs'
import { apiReference } from './lib/reference.mjs'
import { Report } from './lib/report.mjs'

const usage = `npm run docs -- [--verbose]

  --verbose  show all output of all steps`

const report = new Report(readOptions({ verbose: { type: 'boolean' } }, usage))
const env = await setUpBuild(report)
await buildPackage(report, env)
await report.step("examples' packages", { needs: ['npm packages'] }, setUpExamples)
await apiReference(report, env)
process.exitCode = report.close()
