// A table of figures, as the benchmarks print it.
import { cpus } from 'node:os'

/** Prints rows of cells; the first column is flush left, the others flush right. */
export function print(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  for (const row of rows) {
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join('  '),
    )
  }
}

export function machine() {
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}.`
}

/** The middle one; the upper of two. NaN, which is what did not end, sorts last. */
export function median(values) {
  return values.toSorted((left, right) => Number.isNaN(left) - Number.isNaN(right) || left - right)[values.length >> 1]
}
