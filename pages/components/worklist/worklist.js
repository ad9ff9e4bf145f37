// A table of all files in hand. Sorting, filtering and stepping stay here; the server learns which row is opened,
// and is asked for more rows while there are more to come.

import { addressOf } from '../viewer/address.js'
import { make } from '../viewer/make.js'
import { arranged, beside, columnsOf, DECISIONS, EVERYTHING, GATES, sortedBy } from './order.js'

/**
 * @typedef {import('./order.js').Row} Row
 * @typedef {import('./order.js').Answer} Answer
 * @typedef {import('./order.js').Score} Score
 * @typedef {import('./order.js').Backbone} Backbone
 * @typedef {import('./order.js').Choice} Choice
 * @typedef {{rows: Row[], chosen: string | null, backbones: Backbone[], running: boolean}} Data
 * @typedef {(name: string, value: unknown) => void} Tell Tells the server.
 */

const WIDE = '(min-width: 62rem) and (min-height: 46rem)' // from where there is room for it above the case
const TICK_MS = 1000
const GUESS = 'after your guess'
const STATUS = { waiting: 'waits', answered: '', refused: 'refused', unreadable: 'not readable', failed: 'failed' }

/** Outlives reruns and other pages. */
const kept = {
  open: /** @type {boolean | null} */ (null),
  choice: EVERYTHING,
  top: 0,
}

class Worklist {
  /** @param {HTMLElement} root */
  constructor(root) {
    /** @type {Data} */
    this.data = { rows: [], chosen: null, backbones: [], running: false }
    /** @type {Map<string, {line: HTMLTableRowElement, told: string}>} */
    this.lines = new Map()
    /** @type {Tell} */
    this.tell = () => {}
    this.told = ''
    this.ticks = 0
    this.fold = button('fold', '', () => this.open(!kept.open))
    this.name = make('input', { type: 'search', placeholder: 'Filter by name', 'aria-label': 'Filter by name' })
    this.name.oninput = () => this.choose({ ...kept.choice, name: this.name.value })
    this.decision = choice('Decision', DECISIONS, (decision) => this.choose({ ...kept.choice, decision }))
    this.gate = choice('What the gate says', GATES, (gate) => this.choose({ ...kept.choice, gate }))
    this.count = make('span', { class: 'count', role: 'status' })
    this.place = make('span', { class: 'place' })
    this.before = button('step', '‹ Previous', () => this.step(-1))
    this.after = button('step', 'Next ›', () => this.step(1))
    const steps = make('div', { class: 'steps' }, this.before, this.place, this.after)
    this.filters = make('div', { class: 'filters' }, this.name, this.decision, this.gate, this.count)
    const bar = make('div', { class: 'bar' }, this.fold, this.filters, steps)
    this.head = make('tr')
    this.body = make('tbody')
    this.head.onkeydown = (event) => rove(event, this.head, ['ArrowLeft', 'ArrowRight'])
    this.body.onkeydown = (event) => rove(event, this.body, ['ArrowUp', 'ArrowDown'])
    const table = make('table', {}, make('thead', {}, this.head), this.body)
    this.box = make('div', { class: 'box' }, table)
    this.box.onscroll = () => { kept.top = this.box.scrollTop }
    root.append(bar, this.box)
    this.name.value = kept.choice.name
    this.decision.value = kept.choice.decision
    this.gate.value = kept.choice.gate
  }

  /**
   * What the server says; nothing is drawn anew where it says the same.
   * @param {Data} data
   */
  show(data) {
    const told = JSON.stringify(data)
    if (told === this.told) return
    const first = !this.told
    const backbones = JSON.stringify(data.backbones) !== JSON.stringify(this.data.backbones)
    this.told = told
    this.data = data
    if (first) this.open(kept.open ?? matchMedia(WIDE).matches)
    if (first || backbones) this.drawHead()
    this.draw()
    if (first) this.box.scrollTop = kept.top
  }

  /** Asks for more rows now and then. */
  wake() {
    clearInterval(this.ticks)
    this.ticks = setInterval(() => { if (this.data.running && isIdle()) this.tell('tick', Date.now()) }, TICK_MS)
  }

  rest() {
    clearInterval(this.ticks)
  }

  /** @param {boolean} open */
  open(open) {
    kept.open = open
    this.fold.setAttribute('aria-expanded', String(open))
    this.box.hidden = this.filters.hidden = !open
  }

  /** @param {Choice} next How rows are sorted and filtered from now on. */
  choose(next) {
    kept.choice = next
    this.draw()
  }

  drawHead() {
    const columns = columnsOf(this.data.backbones)
    this.head.replaceChildren(...columns.map(({ id, label, colour }, index) => {
      const sort = button('sort', label, () => this.choose(sortedBy(kept.choice, id)))
      sort.tabIndex = index ? -1 : 0
      if (colour) sort.prepend(make('i', { style: `background: ${colour}` }))
      return make('th', { scope: 'col', 'data-id': id, class: id.split(' ')[0] }, sort)
    }))
  }

  draw() {
    const { rows, chosen, backbones } = this.data
    const shown = arranged(rows, columnsOf(backbones), kept.choice)
    for (const head of this.head.children) {
      const by = head instanceof HTMLElement && head.dataset.id === kept.choice.sort
      head.setAttribute('aria-sort', by ? (kept.choice.down ? 'descending' : 'ascending') : 'none')
    }
    this.fold.textContent = `All ${rows.length} files`
    this.count.textContent = shown.length === rows.length ? '' : `${shown.length} of ${rows.length} shown`
    const keys = shown.map(({ key }) => key)
    const place = chosen === null ? -1 : keys.indexOf(chosen)
    this.place.textContent = place < 0 ? '' : `${place + 1} of ${keys.length}`
    this.before.disabled = place < 0 || beside(keys, chosen, -1) === null
    this.after.disabled = beside(keys, chosen, 1) === null
    const lines = shown.map((row) => this.lineOf(row))
    const focused = /** @type {ShadowRoot | Document} */ (this.body.getRootNode()).activeElement
    if (lines.length !== this.body.children.length || lines.some((line, at) => this.body.children[at] !== line)) {
      this.body.replaceChildren(...lines)
      if (focused instanceof HTMLElement && this.body.contains(focused)) focused.focus()
    }
    const reached = place < 0 ? 0 : place
    lines.forEach((line, at) => {
      line.classList.toggle('chosen', at === place)
      const open = /** @type {HTMLButtonElement} */ (line.querySelector('button'))
      open.tabIndex = at === reached ? 0 : -1
      if (at === place) open.setAttribute('aria-current', 'true')
      else open.removeAttribute('aria-current')
    })
  }

  /** @param {Row} row */
  lineOf(row) {
    const told = JSON.stringify(row), before = this.lines.get(row.key)
    if (before?.told === told) return before.line
    const line = make('tr', { class: row.status }, ...cellsOf(row, this.data.backbones))
    const open = /** @type {HTMLButtonElement} */ (line.querySelector('button'))
    line.onclick = () => { if (!getSelection()?.toString()) this.go(row.key) }
    open.onclick = (event) => { event.stopPropagation(); this.go(row.key) }
    before?.line.replaceWith(line)
    this.lines.set(row.key, { line, told })
    return line
  }

  /** @param {string} key */
  go(key) {
    if (key === this.data.chosen) return
    this.data = { ...this.data, chosen: key }
    this.told = JSON.stringify(this.data)
    this.draw()
    this.lines.get(key)?.line.scrollIntoView({ block: 'nearest' })
    this.tell('chosen', key)
  }

  /** @param {number} by */
  step(by) {
    const keys = arranged(this.data.rows, columnsOf(this.data.backbones), kept.choice).map(({ key }) => key)
    const key = beside(keys, this.data.chosen, by)
    if (key !== null) this.go(key)
  }
}

/**
 * Whether the page rests. Each message to the server says what all widgets hold: before a run of the page is whole,
 * some of them still hold what they held before it, which the server would take for clicks.
 */
function isIdle() {
  const state = document.querySelector('[data-test-script-state]')?.getAttribute('data-test-script-state')
  return !document.hidden && (!state || state === 'notRunning')
}

/**
 * @param {string} name Of its class.
 * @param {string} label
 * @param {() => void} act
 */
function button(name, label, act) {
  const made = make('button', { type: 'button', class: name }, label)
  made.onclick = act
  return made
}

/**
 * @param {string} label
 * @param {[string, string][]} options Value and text.
 * @param {(value: string) => void} act
 */
function choice(label, options, act) {
  const select = make('select', { 'aria-label': label })
  select.append(...options.map(([value, text]) => make('option', { value }, text)))
  select.onchange = () => act(select.value)
  return select
}

/**
 * Arrows go from button to button, of which Tab reaches one.
 * @param {KeyboardEvent} event
 * @param {HTMLElement} within
 * @param {[string, string]} keys Back and forth.
 */
function rove(event, within, [back, forth]) {
  const buttons = [...within.querySelectorAll('button')]
  const place = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target))
  const ends = { Home: 0, End: buttons.length - 1, [back]: place - 1, [forth]: place + 1 }
  const next = place < 0 ? undefined : buttons[ends[event.key]]
  if (!next) return
  event.preventDefault()
  for (const each of buttons) each.tabIndex = each === next ? 0 : -1
  next.focus()
}

/**
 * @param {Row} row
 * @param {Backbone[]} backbones
 */
function cellsOf(row, backbones) {
  const picture = row.picture
    ? make('img', { src: addressOf(row.picture), alt: '', loading: 'lazy' })
    : make('span', { class: 'none' })
  const open = make('button', { type: 'button', class: 'open', title: row.name }, row.name)
  const [extent, opacity] = row.scores ?? []
  const notes = row.notes ?? []
  const marked = notes.length > 1 ? `${notes.length}: ${notes[0]}` : notes[0]
  return [
    make('th', { scope: 'row', class: 'name' }, make('div', {}, picture, open)),
    cell('gate', [STATUS[row.status], row.said ?? row.gate].filter(Boolean).join(': ')),
    make('td', { class: 'ensemble' }, ...decisionIn(row)),
    ...backbones.map(({ colour }, index) => probability(row.backbones?.[index], colour)),
    cell('findings', row.findings ?? ''),
    score('extent', extent),
    score('opacity', opacity),
    cell('notes', marked ?? '', notes.join('\n')),
  ]
}

/**
 * @param {string} name
 * @param {string} text
 * @param {string} [title]
 */
function cell(name, text, title = text) {
  return make('td', { class: name, ...(text ? { title } : {}) }, make('span', { class: 'short' }, text))
}

/** @param {Row} row */
function decisionIn(row) {
  if (row.hidden) return [make('span', { class: 'faint' }, GUESS)]
  if (!row.ensemble) return []
  const { probability, positive } = row.ensemble
  return [make('b', {}, positive ? 'COVID-19' : 'Normal'), ` ${probability.toFixed(2)}`]
}

/**
 * @param {Answer | null | undefined} answer
 * @param {string} colour
 */
function probability(answer, colour) {
  if (!answer) return make('td', { class: 'backbone' })
  const share = `width: ${100 * answer.probability}%; background: ${colour}`
  const text = answer.probability.toFixed(2)
  const said = answer.positive ? 'reads as COVID-19' : 'reads as normal'
  const number = make(answer.positive ? 'b' : 'span', {}, text)
  return make('td', { class: 'backbone', title: said }, number, make('div', {}, make('div', { style: share })))
}

/**
 * @param {string} name
 * @param {Score | null | undefined} found
 */
function score(name, found) {
  if (!found) return make('td', { class: name })
  const error = make('span', { class: 'faint' }, ` ± ${found.error.toFixed(1)}`)
  return make('td', { class: name }, found.value.toFixed(1), error)
}

/** @type {WeakMap<Element, Worklist>} */
const worklists = new WeakMap()

/**
 * What Streamlit calls when it mounts the component, and again with new data.
 * @param {{parentElement: ParentNode, data: Data, setTriggerValue: Tell}} component
 */
export default function ({ parentElement, data, setTriggerValue }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector('.worklist'))
  const worklist = worklists.get(root) ?? new Worklist(root)
  worklists.set(root, worklist)
  worklist.tell = setTriggerValue
  worklist.wake()
  worklist.show(data)
  return () => worklist.rest()
}
