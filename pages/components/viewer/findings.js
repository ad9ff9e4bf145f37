// What lies where somebody marked, in words and as a table.

import { greyOf } from './greys.js'
import { heatAt } from './heat.js'
import { within } from './marks.js'
import { make } from './make.js'

const NOTE = 'Even heat would be 1.0 times its area. Heat is no segmentation: it is coarse, and says where ' +
  'a model’s evidence lies, not where disease is.'

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`

export class Findings {
  constructor() {
    this.words = make('p')
    this.table = make('table')
    this.element = make('div', { class: 'findings' }, this.words, this.table, make('p', {}, NOTE))
    this.element.hidden = true
  }

  /**
   * @param {import('./marks.js').Mark[]} marks
   * @param {import('./scene.js').Scene} scene
   * @param {import('./draw.js').Painter} painter
   * @returns {string} The same, as one text.
   */
  show(marks, scene, { heats, picture }) {
    const [greys] = picture.levels
    const found = within(marks, scene, scene.frame, heats, greys)
    const point = marks.filter(({ kind }) => kind === 'point').pop()?.points[0]
    const share = found?.share ?? 0
    const rows = scene.panes.flatMap(({ name }, i) => {
      const heat = heats[i], inside = found?.heats[i]
      if (!heat) return []
      const some = typeof inside === 'number'
      const times = some ? `${(inside / share).toFixed(1)} times` : ''
      const area = share ? [some ? percent(inside) : 'no heat', times] : []
      return [[name, ...area, ...(point ? [heatAt(heat, scene.frame, point)?.toFixed(2) ?? 'outside'] : [])]]
    })
    const ofArea = share ? ['Heat inside', 'Against its area'] : []
    const head = ['Model', ...ofArea, ...(point ? ['Heat at the point'] : [])]
    const where = share ? `${percent(share)} of what the networks saw` : 'nothing of what the networks saw'
    const grey = found && greyOf(Math.round(found.grey * (2 ** greys.depth - 1)), greys)
    const words = found ? `Marked: ${where}; mean ${grey}.` : ''
    this.words.textContent = words
    this.table.replaceChildren(rowOf(head, 'col'), ...rows.map((row) => rowOf(row, 'row')))
    this.table.hidden = head.length === 1
    this.element.hidden = !found && !point
    if (this.table.hidden) return words
    const told = rows.map(([name, ...cells]) =>
      `${name}: ${cells.map((cell, i) => `${head[i + 1].toLowerCase()} ${cell}`).join(', ')}.`)
    return [words, ...told].join(' ')
  }
}

/**
 * @param {string[]} cells
 * @param {'col' | 'row'} scope Of what heads: all of them, or the first.
 */
const rowOf = (cells, scope) => make('tr', {}, ...cells.map((cell, i) =>
  scope === 'col' || !i ? make('th', { scope }, cell) : make('td', {}, cell)))
