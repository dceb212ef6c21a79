// Report of a run: which steps pass, which fail, and its last line.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cargo } from '../lib/counts.mjs'
import { judged, Report, StepError } from '../lib/report.mjs'

/** Returns a report, and the lines that it has written so far. */
function reporting(options) {
  let written = ''
  const report = new Report({ ...options, out: { write: text => (written += text) } })
  return { report, lines: () => written.trimEnd().split('\n') }
}

const printing = text => [process.execPath, ['-e', `process.stdout.write(${JSON.stringify(text)})`]]

test('the totals of all steps end the run, and no failure is exit code 0', async () => {
  const { report, lines } = reporting()
  await report.step('set-up', {}, async () => ({ note: '1.2.3' }))
  await report.step('lint', {}, async () => ({ passed: 1 }))
  await report.step('tests', {}, step =>
    step.tests(cargo, ...printing('test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured\n')),
  )
  assert.equal(report.close(), 0)
  assert.match(lines()[0], /^✔ set-up: 1\.2\.3 \(\d/)
  assert.match(lines()[2], /^✔ tests: 7 passed \(/)
  assert.equal(lines().at(-1), '8 passed, 0 failed')
})

test('a failing step shows its whole output, and later steps run', async () => {
  const { report, lines } = reporting()
  await report.step('lint', {}, step => step.check(process.execPath, ['-e', 'console.log("why"); process.exit(3)']))
  await report.step('other', {}, async () => ({ passed: 1 }))
  assert.equal(report.close(), 1)
  assert.ok(lines().includes('    why'))
  assert.equal(lines().at(-2), 'Failed: lint')
  assert.equal(lines().at(-1), '1 passed, 1 failed')
})

test('a passing step keeps its output to itself, unless verbose', async () => {
  for (const verbose of [false, true]) {
    const { report, lines } = reporting({ verbose })
    await report.step('lint', {}, step => step.check(...printing('chatter\n')))
    assert.equal(lines().includes('chatter'), verbose)
  }
})

test('what needs a failed step is not run, and fails', async () => {
  const { report, lines } = reporting()
  await report.step('set-up', {}, async () => {
    throw new StepError('install it: apt-get install it')
  })
  await report.step('tests', { needs: ['set-up'] }, async () => assert.fail('it ran'))
  assert.deepEqual(report.failed, ['set-up', 'tests'])
  assert.ok(lines().includes('    install it: apt-get install it'))
  assert.ok(lines().includes('    not run, since it needs: set-up'))
  assert.equal(report.close(), 1)
})

test('a runner that ran no test has failed, and so has a whole run of nothing', async () => {
  const { report } = reporting()
  await report.step('tests', {}, step => step.tests(cargo, ...printing('running 0 tests\n')))
  assert.deepEqual(report.totals, { passed: 0, failed: 1, skipped: 0 })
  assert.equal(reporting().report.close(), 1)
})

test('a bad exit code is a failure even where every test passed', () => {
  assert.deepEqual(judged(101, { passed: 3, failed: 0, skipped: 0 }), {
    passed: 3,
    failed: 1,
    skipped: 0,
    note: 'exit code 101',
  })
  assert.equal(judged(1, { passed: 3, failed: 2, skipped: 0 }).failed, 2)
})

test('a program that is missing, or hangs, fails in one line', async () => {
  const { report, lines } = reporting()
  await report.step('missing', {}, step => step.exec('no-such-program', []))
  await report.step('hangs', {}, step =>
    step.exec(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { minutes: 0.005 }),
  )
  assert.ok(lines().includes('    no-such-program is not installed'))
  assert.ok(lines().some(line => line.includes('ended after 0.005 minutes')))
})
