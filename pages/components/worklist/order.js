// Which rows are shown, in which order, and which comes before and after another.

/**
 * @typedef {{probability: number, positive: boolean}} Answer
 * @typedef {{value: number, error: number}} Score
 * @typedef {{
 *   key: string, name: string, picture: string | null,
 *   status: 'waiting' | 'answered' | 'refused' | 'unreadable' | 'failed',
 *   gate: string | null, said: string | null, hidden?: boolean, notes?: string[],
 *   ensemble?: Answer | null, backbones?: (Answer | null)[],
 *   findings?: string, strongest?: number | null, scores?: (Score | null)[],
 * }} Row
 * @typedef {{name: string, colour: string}} Backbone
 * @typedef {{id: string, label: string, colour?: string, value: (row: Row) => Value}} Column
 * @typedef {string | number | null | undefined} Value
 * @typedef {{sort: string, down: boolean, name: string, decision: string, gate: string}} Choice
 */

/** @type {Choice} */
export const EVERYTHING = { sort: '', down: false, name: '', decision: '', gate: '' }

/** What the gate says, the first to look at first. */
const GATE = ['unreadable', 'failed', 'refused', 'answered', 'waiting']

/** @type {[string, string][]} */
export const DECISIONS = [['', 'All decisions'], ['covid', 'COVID-19'], ['normal', 'Normal'], ['none', 'No answer']]

/** @type {[string, string][]} */
export const GATES = [['', 'Whatever the gate says'], ['passed', 'Let pass'], ['refused', 'Refused'], ['unread', 'Not read']]

/** @param {number} index Of a backbone. */
const probabilityBy = (index) => (/** @type {Row} */ row) => row.backbones?.[index]?.probability

/**
 * The columns that rows can be sorted by, in the order of the table.
 * @param {Backbone[]} backbones
 * @returns {Column[]}
 */
export const columnsOf = (backbones) => [
  { id: 'name', label: 'File', value: (row) => row.name },
  { id: 'gate', label: 'Gate', value: (row) => GATE.indexOf(row.status) },
  { id: 'ensemble', label: 'Ensemble', value: (row) => row.ensemble?.probability },
  ...backbones.map(({ name, colour }, index) => (
    { id: `backbone ${index}`, label: name, colour, value: probabilityBy(index) }
  )),
  { id: 'findings', label: 'Strongest findings', value: (row) => row.strongest },
  { id: 'extent', label: 'Extent', value: (row) => row.scores?.[0]?.value },
  { id: 'opacity', label: 'Opacity', value: (row) => row.scores?.[1]?.value },
  { id: 'notes', label: 'Warnings', value: (row) => row.notes?.length || null },
]

/** @param {Row} row */
export function decisionOf(row) {
  if (!row.ensemble) return 'none'
  return row.ensemble.positive ? 'covid' : 'normal'
}

/** @param {Row} row */
export function gateOf(row) {
  if (row.status === 'answered') return 'passed'
  return row.status === 'refused' ? 'refused' : 'unread'
}

/**
 * The rows that are shown, in their order; what a column does not know comes last, whichever way it is sorted.
 * @param {Row[]} rows
 * @param {Column[]} columns
 * @param {Choice} choice
 */
export function arranged(rows, columns, { sort, down, name, decision, gate }) {
  const part = name.trim().toLowerCase()
  const shown = rows.filter((row) =>
    row.name.toLowerCase().includes(part) &&
    (!decision || decisionOf(row) === decision) && (!gate || gateOf(row) === gate))
  const column = columns.find(({ id }) => id === sort)
  if (!column) return shown
  return shown.sort((one, other) => {
    const [a, b] = [column.value(one) ?? null, column.value(other) ?? null]
    if (a === null || b === null) return Number(a === null) - Number(b === null)
    const before = typeof a === 'string' ? a.localeCompare(String(b), 'en', { numeric: true }) : a - Number(b)
    return down ? -before : before
  })
}

/**
 * How the table is sorted once a column's head is pressed: largest first, for a name from A; then the other way
 * round; then as the files came.
 * @param {Choice} choice
 * @param {string} id
 * @returns {Choice}
 */
export function sortedBy(choice, id) {
  const first = id !== 'name' && id !== 'gate'
  if (choice.sort !== id) return { ...choice, sort: id, down: first }
  return choice.down === first ? { ...choice, down: !first } : { ...choice, sort: '', down: false }
}

/**
 * The key that comes so many after another one, or null at the ends; the first one where that is not among them.
 * @param {string[]} keys
 * @param {string | null} key
 * @param {number} step
 */
export function beside(keys, key, step) {
  const place = key === null ? -1 : keys.indexOf(key)
  return (place < 0 ? keys[0] : keys[place + step]) ?? null
}
