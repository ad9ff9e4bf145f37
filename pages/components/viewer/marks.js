// What one draws on a radiograph: points, boxes, regions and strokes, and what lies in them.

import { GRID } from './heat.js'

/**
 * @typedef {import('./view.js').Point} Point
 * @typedef {import('./view.js').View} View
 * @typedef {import('./greys.js').Greys} Greys
 * @typedef {'point' | 'box' | 'region' | 'stroke'} Kind
 * @typedef {{kind: Kind, points: Point[], width: number, erases: boolean}} Mark Points in the radiograph's
 *   pixels; the width of a stroke is a share of its longer side.
 * @typedef {{share: number, heats: (number | null)[], grey: number}} Within Shares: of the frame, and of each
 *   map's heat; and the mean grey as a share of white.
 */

export const MAX_MARKS = 100, MAX_POINTS = 500 // as core/marks.py has them
const FINE = 4 // times as fine as heat is drawn: how exactly marks are laid over it

/** @type {Record<Kind, string>} */
export const NAMES = { point: 'Point', box: 'Box', region: 'Region', stroke: 'Stroke' }

/**
 * @param {import('./view.js').Tool | null} tool
 * @returns {tool is Kind}
 */
export const draws = (tool) => tool !== null && tool in NAMES

/**
 * Whether a mark is to be drawn and there are as many as there may be.
 * @param {View} view
 */
export const isFull = ({ tool, marks }) => draws(tool) && marks.length >= MAX_MARKS

/**
 * @param {Point} one
 * @param {Point} other
 */
const same = (one, other) => Math.hypot(one[0] - other[0], one[1] - other[1]) < 1e-6

/**
 * A line with the points that it can do without left out (Douglas and Peucker, 1973).
 * @param {Point[]} points
 * @param {number} tolerance How far what is left out may lie from the line.
 * @returns {Point[]}
 */
export function simplify(points, tolerance) {
  const kept = new Uint8Array(points.length), parts = [[0, points.length - 1]]
  kept[0] = kept[points.length - 1] = 1
  for (let part = parts.pop(); part; part = parts.pop()) {
    const [from, to] = part
    let farthest = tolerance, at = 0
    for (let i = from + 1; i < to; i++) {
      const distance = distanceTo(points[i], points[from], points[to])
      if (distance > farthest) { farthest = distance; at = i }
    }
    if (!at) continue
    kept[at] = 1
    parts.push([from, at], [at, to])
  }
  return points.filter((_, i) => kept[i])
}

/**
 * @param {Point} point
 * @param {Point} from
 * @param {Point} to
 */
function distanceTo([x, y], [fromX, fromY], [toX, toY]) {
  const dx = toX - fromX, dy = toY - fromY, length = dx * dx + dy * dy
  const share = length ? Math.min(1, Math.max(0, ((x - fromX) * dx + (y - fromY) * dy) / length)) : 0
  return Math.hypot(x - fromX - share * dx, y - fromY - share * dy)
}

/**
 * What is begun, finished: a mark more, or none where it has too few points.
 * @param {View} view
 * @param {number} tolerance In the radiograph's pixels: what a freehand line may lose.
 * @returns {View}
 */
export function finish(view, tolerance) {
  const { tool, draft, marks } = view, rest = { ...view, draft: [] }
  if (!draws(tool) || !draft.length || marks.length >= MAX_MARKS) return rest
  let points = draft
  if (tool === 'region' || tool === 'stroke') {
    points = simplify(draft, tolerance)
    for (let by = Math.max(1, tolerance); points.length > MAX_POINTS; by *= 2) points = simplify(draft, by)
  }
  const flat = points.length < 2 || points[0].some((each, i) => each === points[1][i])
  if (tool === 'box' && flat) return rest
  if (tool === 'region' && points.length < 3) return rest
  const stroke = tool === 'stroke'
  const width = stroke ? view.brush : 0, erases = stroke && view.erase
  return { ...rest, marks: [...marks, { kind: tool, points, width, erases }] }
}

/**
 * A point set by a click or by Enter. The last one, set again, ends a region or a stroke.
 * @param {View} view With a drawing tool in hand.
 * @param {Point} point
 * @returns {View}
 */
export function set(view, point) {
  const { draft, tool } = view, last = draft[draft.length - 1]
  const ends = last && same(last, point)
  const next = { ...view, draft: ends ? draft : [...draft, point] }
  if (tool === 'point' || tool === 'box' && next.draft.length === 2) return finish(next, 0)
  return ends && tool !== 'box' ? finish(view, 0) : next
}

/**
 * What a hand draws while it moves.
 * @param {View} view
 * @param {Point} point
 * @returns {View}
 */
export const trace = (view, point) =>
  ({ ...view, draft: view.tool === 'box' ? [view.draft[0] ?? point, point] : [...view.draft, point] })

/**
 * The last point of what is begun, else the last mark, taken back.
 * @param {View} view
 * @returns {View}
 */
export const undo = (view) => view.draft.length
  ? { ...view, draft: view.draft.slice(0, -1) } : { ...view, marks: view.marks.slice(0, -1) }

/**
 * @param {View} view
 * @returns {View}
 */
export const clearMarks = (view) => ({ ...view, draft: [], marks: [] })

/**
 * @param {Point[]} points Two corners.
 * @returns {Point[]} All four.
 */
export const cornersOf = ([[left, top], [right, bottom]]) =>
  [[left, top], [right, top], [right, bottom], [left, bottom]]

/**
 * Which places of a grid boxes and regions cover: those whose middle they hold, by the even-odd rule.
 * @param {Mark[]} marks
 * @param {number[]} over Left, top, right and bottom of the grid, in the radiograph's pixels.
 * @param {number} columns
 * @param {number} rows
 * @returns {Uint8Array} 1 where covered, row by row.
 */
export function cover(marks, [left, top, right, bottom], columns, rows) {
  const covered = new Uint8Array(columns * rows)
  for (const { kind, points } of marks) {
    if (kind !== 'box' && kind !== 'region') continue
    const corners = kind === 'box' ? cornersOf(points) : points
    const line = corners.map(([x, y]) =>
      [(x - left) / (right - left) * columns - 0.5, (y - top) / (bottom - top) * rows - 0.5])
    for (let y = 0; y < rows; y++) {
      const crossings = []
      for (let i = 0; i < line.length; i++) {
        const [x0, y0] = line[i], [x1, y1] = line[(i + 1) % line.length]
        if (y0 <= y !== y1 <= y) crossings.push(x0 + (y - y0) / (y1 - y0) * (x1 - x0))
      }
      crossings.sort((one, other) => one - other)
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const from = Math.max(0, Math.ceil(crossings[i])), to = Math.min(columns, Math.ceil(crossings[i + 1]))
        if (from < to) covered.fill(1, y * columns + from, y * columns + to)
      }
    }
  }
  return covered
}

/**
 * What lies in boxes and regions.
 * @param {Mark[]} marks
 * @param {import('./geometry.js').Size} picture The radiograph.
 * @param {number[]} frame What the networks saw.
 * @param {(Float32Array | null)[]} heats Of `GRID` by `GRID` places over the frame.
 * @param {Greys} greys
 * @returns {Within | null} None without a box or a region.
 */
export function within(marks, picture, frame, heats, greys) {
  if (!marks.some(({ kind }) => kind === 'box' || kind === 'region')) return null
  const side = FINE * GRID, inFrame = cover(marks, frame, side, side)
  let count = 0
  const sums = heats.map(() => 0), wholes = heats.map((heat) => heat ? heat.reduce((a, b) => a + b, 0) : 0)
  for (let i = 0; i < inFrame.length; i++) {
    if (!inFrame[i]) continue
    const place = Math.floor(i / side / FINE) * GRID + Math.floor(i % side / FINE)
    count++
    heats.forEach((heat, each) => { if (heat) sums[each] += heat[place] / FINE / FINE })
  }
  const { values, width, height, depth } = greys
  const all = cover(marks, [0, 0, picture.width, picture.height], width, height)
  let pixels = 0, sum = 0
  for (let i = 0; i < all.length; i++) if (all[i]) { pixels++; sum += values[i] }
  return {
    share: count / inFrame.length,
    heats: heats.map((heat, each) => heat && wholes[each] ? sums[each] / wholes[each] : null),
    grey: pixels ? sum / pixels / (2 ** depth - 1) : 0,
  }
}

/**
 * Marks as the server takes them: shares of the radiograph's width and height.
 * @param {Mark[]} marks
 * @param {import('./geometry.js').Size} picture
 */
export const asShares = (marks, { width, height }) =>
  marks.map((mark) => ({ ...mark, points: mark.points.map(([x, y]) => [x / width, y / height]) }))
