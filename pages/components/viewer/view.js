// What the viewer shows, as plain values, and how each gesture changes them. Nothing here touches the page.

/**
 * @typedef {[number, number]} Point Across and down, in the radiograph's pixels or a pane's CSS pixels.
 * @typedef {'window' | 'pan' | 'length' | 'angle' | import('./marks.js').Kind} Tool
 * @typedef {{kind: 'length' | 'angle', points: Point[]}} Measured Points in the radiograph's own pixels.
 * @typedef {{
 *   zoom: number, centre: Point, turn: number, mirror: boolean,
 *   width: number, level: number, invert: boolean,
 *   heat: boolean, opacity: number, floor: number, map: string, own: boolean,
 *   large: boolean, chosen: number, swipe: boolean, divide: number,
 *   seen: boolean, lines: boolean, tool: Tool | null, draft: Point[], measured: Measured[],
 *   marks: import('./marks.js').Mark[], brush: number, erase: boolean,
 * }} View Centre, width, level, opacity, floor, divide, brush: shares; zoom 1 fits; turn counts quarters; own:
 *   each map is scaled to its own peak; chosen: the large pane, or the only one where there is room for no more.
 * @typedef {Pick<View, 'measured' | 'marks'>} Drawn
 */

export const MAX_ZOOM = 20
export const MAX_DRAWN = 20 // pictures whose measurements and marks are kept
const MIN_WIDTH = 1 / 255 // narrower than one of 8-bit greys shows nothing more
const POINTS = { length: 2, angle: 3 }

/** @type {Pick<View, 'zoom' | 'centre' | 'turn' | 'mirror' | 'width' | 'level' | 'invert'>} */
export const PLAIN = {
  zoom: 1, centre: [0.5, 0.5], turn: 0, mirror: false,
  width: 1, level: 0.5, invert: false,
}

/** @type {View} */
export const FIRST = {
  ...PLAIN,
  heat: true, opacity: 0.6, floor: 0, map: '', own: false,
  large: false, chosen: 1, swipe: false, divide: 0.5,
  seen: false, lines: true, tool: null, draft: [], measured: [],
  marks: [], brush: 0.03, erase: false,
}

/** @type {{name: string, width: number, level: number}[]} The last one takes the picture's own range. */
export const PRESETS = [
  { name: 'As it is', width: 1, level: 0.5 },
  { name: 'More contrast', width: 0.6, level: 0.5 },
  { name: 'Dark parts: lungs', width: 0.5, level: 0.3 },
  { name: 'Bright parts: bones', width: 0.5, level: 0.7 },
  { name: 'Its own range', width: 0, level: 0 },
]

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value))

/**
 * Another part of the picture. One that fits stays in the middle of its pane.
 * @param {View} view
 * @param {number} zoom
 * @param {Point} centre
 * @returns {View}
 */
export function place(view, zoom, centre) {
  const larger = clamp(zoom, 1, MAX_ZOOM)
  if (larger === 1) return { ...view, zoom: 1, centre: [0.5, 0.5] }
  return { ...view, zoom: larger, centre: [clamp(centre[0], 0, 1), clamp(centre[1], 0, 1)] }
}

/**
 * @param {View} view
 * @param {number} width
 * @param {number} level
 * @returns {View}
 */
export const expose = (view, width, level) =>
  ({ ...view, width: clamp(width, MIN_WIDTH, 2), level: clamp(level, 0, 1) })

/**
 * @param {View} view
 * @param {number} index Of `PRESETS`.
 * @param {[number, number]} range The picture's own darkest and brightest grey, as shares.
 * @returns {View}
 */
export function preset(view, index, range) {
  const { width, level } = PRESETS[index]
  return width ? expose(view, width, level) : expose(view, range[1] - range[0], (range[0] + range[1]) / 2)
}

/**
 * The picture as it came; heat, layout, measurements and marks stay.
 * @param {View} view
 * @returns {View}
 */
export const reset = (view) => ({ ...view, ...PLAIN })

/**
 * What is kept when another picture comes: how heat is drawn and how panes lie, not where one looked.
 * @param {View} view
 * @param {Drawn} [drawn] On that picture, when it was there before.
 * @returns {View}
 */
export const forAnother = (view, { measured, marks } = FIRST) =>
  ({ ...reset(view), seen: false, draft: [], measured, marks })

/**
 * Keeps what is drawn on a picture, of the pictures drawn on last.
 * @param {Map<string, Drawn>} drawn By the pictures' ids.
 * @param {string} id
 * @param {View} view
 */
export function keepDrawn(drawn, id, { measured, marks }) {
  drawn.delete(id)
  if (measured.length || marks.length) drawn.set(id, { measured, marks })
  const [oldest] = drawn.keys()
  if (drawn.size > MAX_DRAWN) drawn.delete(oldest)
}

/**
 * A tool taken up, or put away when it was in hand.
 * @param {View} view
 * @param {Tool} tool
 * @returns {View}
 */
export const take = (view, tool) => ({ ...view, tool: view.tool === tool ? null : tool, draft: [] })

/**
 * One point more of what is being measured.
 * @param {View} view With a measuring tool in hand; with any other nothing happens.
 * @param {Point} point
 * @returns {View}
 */
export function measure(view, point) {
  if (view.tool !== 'length' && view.tool !== 'angle') return view
  const points = [...view.draft, point]
  if (points.length < POINTS[view.tool]) return { ...view, draft: points }
  return { ...view, draft: [], measured: [...view.measured, { kind: view.tool, points }] }
}

/**
 * One step back: what is begun, else the tool, else all measurements.
 * @param {View} view
 * @returns {View}
 */
export function retreat(view) {
  if (view.draft.length) return { ...view, draft: [] }
  return view.tool ? { ...view, tool: null } : { ...view, measured: [] }
}
