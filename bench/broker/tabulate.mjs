// A table of the broker's benchmark: measured, and printed with its goals.
import { median, print } from '../lib/table.mjs'

/**
 * Measures a section column by column, again and again, so that noise of the machine falls on all
 * of them. A failure of a peer leaves a gap. A failure of ours leaves one too, and the benchmark
 * fails in the end.
 *
 * @param section `name`, `title`, `rows`, `columns` (the first is ours), `measure(row, column)` and
 *   `format(number)`. Optional: `goal(row, figures)` returns its text and whether it is reached.
 *   `note()` returns a line below the table.
 * @returns the figures of all runs by section, row and column; nothing if `only` leaves nothing.
 */
export async function tabulate(section, { runs, only, quick }) {
  const rows = section.name.includes(only) ? section.rows : section.rows.filter(row => row.includes(only))
  if (rows.length === 0) return {}
  const { name, columns, format } = section
  const figures = Object.fromEntries(rows.map(row => [row, Object.fromEntries(columns.map(column => [column, []]))]))
  for (let run = 1; run <= runs; run++) {
    for (const row of rows) {
      for (const column of columns) {
        const figure = await section.measure(row, column).catch(error => failed(section, column, error))
        figures[row][column].push(figure)
        console.error(`run ${run} of ${runs}: ${name}, ${row}, ${column}: ${textOf(figure, format)}`)
      }
    }
  }
  console.log(`\n${section.title}\n`)
  print([['', ...columns, section.goal ? 'goal' : ''], ...rows.map(row => cells(section, row, figures[row], quick))])
  if (section.note) console.log(`\n${section.note()}`)
  return { [name]: figures }
}

function failed({ columns }, column, error) {
  console.error(String(error))
  if (column === columns[0]) process.exitCode = 1
  return Number.NaN
}

/** A quick run's figures are not held against the goal. */
function cells({ columns, format, goal }, row, all, quick) {
  const medians = columns.map(column => median(all[column]))
  const { text, reached } = goal?.(row, medians) ?? { text: '' }
  const verdict = text === '' || quick ? text : `${text}, ${reached ? 'reached' : 'NOT reached'}`
  return [row, ...medians.map(figure => textOf(figure, format)), verdict]
}

const textOf = (figure, format) => (Number.isNaN(figure) ? 'no end' : format(figure))

/** A figure with its thousands apart. */
export const whole = figure => Math.round(figure).toLocaleString('en')
