// What one can do by button and by key alike: one table for the toolbar, the keyboard and the list of keys.

import { clearMarks, undo } from './marks.js'
import { place, reset, retreat, take } from './view.js'

/**
 * @typedef {import('./view.js').View} View
 * @typedef {{
 *   icon: string, label: string, key: string, group: number,
 *   change: (view: View) => View, pressed?: (view: View) => boolean, needs?: Need,
 * }} Command Without `pressed` a button does something once; with it, it switches something.
 * @typedef {import('./marks.js').Kind | 'marks' | 'gives' | 'heat' | 'scales'} Need What a page has to
 *   ask for: a kind of mark, any kind, that marks are given back, a pane with heat, or a choice of its scale.
 */

/** @type {Command} It saves what is shown. */
export const SAVE = { icon: 'save', label: 'Save picture', key: 'v', group: 3, change: (view) => view }

/** @type {Command} It fills the screen. */
export const FULL = { icon: 'full', label: 'Full screen', key: 'f', group: 3, change: (view) => view }

/** @type {Command} It gives marks back. */
export const DONE = {
  icon: 'done', label: 'Done: hand the marks to the page', key: 'y', group: 4, needs: 'gives',
  change: (view) => ({ ...view, tool: null, draft: [] }),
}

/** @type {Command[]} */
export const COMMANDS = [
  tool('window', 'Window and level: drag across and up or down', 'w'),
  tool('pan', 'Move the picture', 'p'),
  tool('length', 'Measure a length', 'd'),
  tool('angle', 'Measure an angle: three points', 'a'),
  { icon: 'clear', label: 'Put away the tool, then measurements', key: 'escape', group: 0, change: retreat },
  { icon: 'out', label: 'Smaller', key: '-', group: 1, change: (view) => zoomBy(view, 1 / 1.25) },
  { icon: 'in', label: 'Larger', key: '+', group: 1, change: (view) => zoomBy(view, 1.25) },
  { icon: 'turn', label: 'Turn by a quarter', key: 't', group: 1, change: turn },
  toggle('mirror', 'mirror', 'Mirror', 'm', 1),
  toggle('invert', 'invert', 'Invert black and white', 'i', 1),
  { icon: 'reset', label: 'Reset the view', key: 'r', group: 1, change: reset },
  { ...toggle('heat', 'heat', 'Heat', 'h', 2), needs: 'heat' },
  { ...toggle('swipe', 'swipe', 'Divide: plain to the left of a line, heat to the right', 's', 2), needs: 'heat' },
  { ...toggle('scale', 'own', 'Each map scaled to its own peak', 'q', 2), needs: 'scales' },
  toggle('seen', 'seen', 'What the networks see', 'n', 2),
  toggle('lines', 'lines', "Frame, outline of the lungs, and the patient's sides", 'l', 2),
  { ...toggle('large', 'large', 'One large, the others small', 'o', 3), needs: 'heat' },
  SAVE,
  FULL,
  marker('point', 'Mark a point', 'x'),
  marker('box', 'Mark a box: drag, or set two corners', 'b'),
  marker('region', 'Mark a region: drag around it, or set its corners, the last one twice', 'g'),
  marker('stroke', 'Paint: drag, or set points, the last one twice', 'k'),
  { ...toggle('erase', 'erase', 'Paint takes away', 'e', 4), needs: 'stroke' },
  { icon: 'undo', label: 'Take back the last mark', key: 'u', group: 4, needs: 'marks', change: undo },
  { icon: 'none', label: 'Take back all marks', key: 'c', group: 4, needs: 'marks', change: clearMarks },
  DONE,
]

/**
 * @param {import('./view.js').Tool} name
 * @param {string} label
 * @param {string} key
 * @returns {Command}
 */
function tool(name, label, key) {
  return {
    icon: name, label, key, group: 0,
    change: (view) => take(view, name),
    pressed: (view) => view.tool === name,
  }
}

/**
 * @param {import('./marks.js').Kind} kind
 * @param {string} label
 * @param {string} key
 * @returns {Command}
 */
function marker(kind, label, key) {
  return { ...tool(kind, label, key), group: 4, needs: kind }
}

/**
 * @param {string} icon
 * @param {'mirror' | 'invert' | 'heat' | 'own' | 'swipe' | 'seen' | 'lines' | 'large' | 'erase'} field
 * @param {string} label
 * @param {string} key
 * @param {number} group
 * @returns {Command}
 */
function toggle(icon, field, label, key, group) {
  return {
    icon, label, key, group,
    change: (view) => ({ ...view, [field]: !view[field] }),
    pressed: (view) => view[field],
  }
}

/**
 * @param {View} view
 * @returns {View}
 */
function turn(view) {
  return { ...view, turn: (view.turn + 1) % 4 }
}

/**
 * @param {View} view
 * @param {number} factor
 */
const zoomBy = (view, factor) => place(view, view.zoom * factor, view.centre)

/** @param {Command} command */
export const nameOfKey = ({ key }) => key === 'escape' ? 'Esc' : key.toUpperCase()

/**
 * Whether a page asks for what a command is there for.
 * @param {Command} command
 * @param {Pick<import('./scene.js').Scene, 'asks' | 'gives' | 'panes' | 'own_scale'>} page
 */
export function isOffered({ needs }, { asks, gives, panes, own_scale: fixed }) {
  if (!needs) return true
  if (needs === 'heat' || needs === 'scales' && !fixed) return panes.some(({ heat }) => heat)
  if (needs === 'scales') return false
  if (needs === 'marks') return asks.length > 0
  return needs === 'gives' ? gives : asks.includes(needs)
}

/**
 * The command of a key; undefined where it has none.
 * @param {string} key As the browser names it.
 */
export const commandOf = (key) =>
  COMMANDS.find((each) => each.key === (key === '=' ? '+' : key.toLowerCase()))
