// API reference: pages that TypeDoc makes of the packed types.
import { join } from 'node:path'
import { face } from './build.mjs'
import { examplesFolder } from './examples.mjs'
import { inRoot } from './paths.mjs'

/** Builds the reference into docs/api. A warning of TypeDoc fails the step. */
export async function apiReference(report, env) {
  await report.step('API reference', { needs: [face, "examples' packages"] }, async step => {
    const typedoc = join(examplesFolder, 'node_modules', 'typedoc', 'bin', 'typedoc')
    await step.exec(process.execPath, [typedoc, '--options', 'typedoc.json'], { cwd: inRoot('pkg'), env })
    return { passed: 1, note: 'docs/api/index.html' }
  })
}
