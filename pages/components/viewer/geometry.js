// Where things lie: from the radiograph's pixels to a pane's and back, and what rulers say.

/**
 * @typedef {import('./view.js').Point} Point
 * @typedef {import('./view.js').View} View
 * @typedef {{width: number, height: number}} Size
 * @typedef {[number, number, number, number, number, number]} Matrix As `setTransform` takes it.
 * @typedef {'left' | 'top' | 'right' | 'bottom'} Side
 */

import { place } from './view.js'

const COSINES = [1, 0, -1, 0]

/**
 * From the radiograph's pixels to a pane's CSS pixels: centred, scaled, turned, then mirrored for the eye.
 * @param {View} view
 * @param {Size} picture
 * @param {Size} pane
 * @returns {Matrix}
 */
export function matrixOf(view, picture, pane) {
  const turn = ((view.turn % 4) + 4) % 4
  const [across, down] = turn % 2 ? [picture.height, picture.width] : [picture.width, picture.height]
  const scale = view.zoom * Math.min(pane.width / across, pane.height / down)
  const cosine = scale * COSINES[turn], sine = scale * COSINES[(turn + 3) % 4]
  const flip = view.mirror ? -1 : 1
  const x = view.centre[0] * picture.width, y = view.centre[1] * picture.height
  return [
    flip * cosine, sine, flip * -sine, cosine,
    pane.width / 2 - flip * (cosine * x - sine * y), pane.height / 2 - (sine * x + cosine * y),
  ]
}

/**
 * @param {Matrix} matrix
 * @param {Point} point
 * @returns {Point}
 */
export const apply = ([a, b, c, d, e, f], [x, y]) => [a * x + c * y + e, b * x + d * y + f]

/**
 * @param {Matrix} matrix
 * @param {Point} point
 * @returns {Point}
 */
export function unapply([a, b, c, d, e, f], [x, y]) {
  const whole = a * d - b * c
  return [(d * (x - e) - c * (y - f)) / whole, (a * (y - f) - b * (x - e)) / whole]
}

/**
 * How many of a pane's CSS pixels one of the radiograph's takes.
 * @param {Matrix} matrix
 */
export const scaleOf = (matrix) => Math.hypot(matrix[0], matrix[1])

/**
 * Where the picture's left and right are in a pane, which is where an upright frontal radiograph has the patient's
 * right and left.
 * @param {View} view
 * @returns {[Side, Side]}
 */
export function sidesOf({ turn, mirror }) {
  /** @type {[Side, Side][]} */
  const turned = [['left', 'right'], ['top', 'bottom'], ['right', 'left'], ['bottom', 'top']]
  const [left, right] = turned[((turn % 4) + 4) % 4]
  return mirror && turn % 2 === 0 ? [right, left] : [left, right]
}

/**
 * Zooms so that what lies under the pointer stays there.
 * @param {View} view
 * @param {Size} picture
 * @param {Size} pane
 * @param {Point} at In the pane.
 * @param {number} factor
 * @returns {View}
 */
export function zoomAt(view, picture, pane, at, factor) {
  const held = unapply(matrixOf(view, picture, pane), at)
  const zoomed = place(view, view.zoom * factor, view.centre)
  const now = apply(matrixOf(zoomed, picture, pane), held)
  return drag(zoomed, picture, pane, [at[0] - now[0], at[1] - now[1]])
}

/**
 * Moves the picture with the pointer.
 * @param {View} view
 * @param {Size} picture
 * @param {Size} pane
 * @param {Point} by In the pane's CSS pixels.
 * @returns {View}
 */
export function drag(view, picture, pane, by) {
  const matrix = matrixOf(view, picture, pane)
  const [x, y] = unapply(matrix, [pane.width / 2 - by[0], pane.height / 2 - by[1]])
  return place(view, view.zoom, [x / picture.width, y / picture.height])
}

/**
 * A measurement in words.
 * @param {import('./view.js').Measured} mark
 * @param {number | null} mmPerPx
 */
export const wordsOf = ({ kind, points }, mmPerPx) =>
  kind === 'length' ? lengthOf(points, mmPerPx) : angleOf(points)

/**
 * A length in words: millimetres only where the file vouches for them.
 * @param {Point[]} points Two.
 * @param {number | null} mmPerPx
 */
export function lengthOf([from, to], mmPerPx) {
  const px = Math.hypot(to[0] - from[0], to[1] - from[1])
  return mmPerPx ? `${(px * mmPerPx).toFixed(1)} mm` : `${Math.round(px)} px`
}

/**
 * The angle at the second of three points, in words.
 * @param {Point[]} points
 */
export function angleOf([from, corner, to]) {
  const one = Math.atan2(from[1] - corner[1], from[0] - corner[0])
  const other = Math.atan2(to[1] - corner[1], to[0] - corner[0])
  const turned = Math.abs(one - other) * 180 / Math.PI
  return `${(turned > 180 ? 360 - turned : turned).toFixed(1)}°`
}
