// Mouse, fingers and keys: each becomes a change of the view.

import { commandOf, isOffered } from './commands.js'
import { drag, zoomAt } from './geometry.js'
import { draws } from './marks.js'
import { nudge } from './toolbar.js'
import { expose, preset, PRESETS, reset } from './view.js'

/**
 * @typedef {import('./view.js').View} View
 * @typedef {import('./view.js').Point} Point
 * @typedef {import('./panes.js').Frame} Frame
 * @typedef {import('./viewer.js').Viewer} Viewer
 * @typedef {'window' | 'pan' | 'measure' | 'mark' | 'divide' | 'none'} Gesture
 */

const STILL_PX = 4 // a pointer that moves less has clicked
const GRIP_PX = { mouse: 8, touch: 24 } // around the dividing line
const SCROLLING_MS = 300 // a wheel that scrolls the page goes on doing so, whatever comes under the pointer
/** @type {Record<string, Point>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

/**
 * Where an event is in a pane, in CSS pixels.
 * @param {Frame} pane
 * @param {MouseEvent} event
 * @returns {Point}
 */
function at(pane, event) {
  const box = pane.canvas.getBoundingClientRect()
  return [event.clientX - box.left, event.clientY - box.top]
}

/** @param {View} view */
const measuring = (view) => view.tool === 'length' || view.tool === 'angle'

/**
 * What a pointer that goes down begins.
 * @param {View} view
 * @param {Frame} pane
 * @param {Point} point
 * @param {{button: number, shiftKey: boolean, pointerType: string}} event
 * @returns {Gesture}
 */
export function gestureOf(view, pane, [x], { button, shiftKey, pointerType }) {
  if (button !== 0 || shiftKey) return 'pan'
  const grip = pointerType === 'mouse' ? GRIP_PX.mouse : GRIP_PX.touch
  if (measuring(view)) return 'measure'
  if (draws(view.tool)) return 'mark'
  if (view.swipe && pane.index > 0 && Math.abs(x - view.divide * pane.width) < grip) return 'divide'
  if (view.tool === 'pan' || view.tool === 'window') return view.tool
  return pointerType === 'mouse' ? 'window' : 'none'
}

/**
 * Listens to a pane.
 * @param {Viewer} viewer
 * @param {Frame} pane
 */
export function listen(viewer, pane) {
  const { canvas } = pane
  /** @type {Map<number, Point>} */
  const down = new Map()
  /** @type {Gesture} */
  let gesture = 'none'
  /** @type {Point} */
  let from = [0, 0]
  let moved = false, continued = false

  canvas.onpointerdown = (event) => {
    const point = at(pane, event)
    down.set(event.pointerId, point)
    canvas.setPointerCapture(event.pointerId)
    viewer.point(pane, point)
    moved = down.size > 1
    from = point
    gesture = down.size > 1 ? 'none' : gestureOf(viewer.view, pane, point, event)
    continued = viewer.view.draft.length > 0
    if (gesture === 'measure' && !continued) viewer.measure()
    if (down.size > 1) viewer.change((view) => ({ ...view, draft: [] })) // two fingers never draw
  }
  canvas.onpointermove = (event) => {
    const point = at(pane, event), before = down.get(event.pointerId)
    if (down.size < 2) viewer.point(pane, point)
    if (!before) return
    const begins = !moved
    moved ||= Math.hypot(point[0] - from[0], point[1] - from[1]) > STILL_PX
    if (gesture === 'mark') { if (moved) viewer.trace(pane, begins ? [from, point] : [point]) }
    else if (down.size === 2) pinch(viewer, pane, down, event.pointerId, point)
    else if (moved) viewer.change((view) => follow(view, viewer, pane, gesture, before, point))
    if (moved) down.set(event.pointerId, point)
  }
  canvas.onpointerup = (event) => {
    down.delete(event.pointerId)
    if (gesture === 'measure' && (moved || continued)) viewer.measure()
    if (gesture === 'mark') { if (moved) viewer.finish(pane); else viewer.set(pane, from) }
    const clicked = gesture !== 'measure' && gesture !== 'mark' && !moved
    if (clicked && viewer.view.large && viewer.view.chosen !== pane.index) viewer.choose(pane.index)
    gesture = 'none'
  }
  canvas.onpointercancel = (event) => {
    down.delete(event.pointerId)
    gesture = 'none'
    viewer.point(null)
  }
  // A finger that is lifted leaves its read-out.
  canvas.onpointerleave = (event) => { if (event.pointerType === 'mouse') viewer.point(null) }
  canvas.oncontextmenu = (event) => event.preventDefault()
  canvas.ondblclick = () => { if (!measuring(viewer.view) && !draws(viewer.view.tool)) viewer.change(reset) }
  canvas.addEventListener('wheel', (event) => wheel(viewer, pane, event), { passive: false })
  // One finger scrolls the page unless a tool is in hand; two are always the viewer's.
  const two = (/** @type {TouchEvent} */ event) => { if (event.touches.length > 1) event.preventDefault() }
  canvas.addEventListener('touchstart', two, { passive: false })
  canvas.addEventListener('touchmove', two, { passive: false })
}

/**
 * @param {View} view
 * @param {Viewer} viewer
 * @param {Frame} pane
 * @param {Gesture} gesture
 * @param {Point} before
 * @param {Point} now
 * @returns {View}
 */
function follow(view, viewer, pane, gesture, before, now) {
  const dx = now[0] - before[0], dy = now[1] - before[1]
  if (gesture === 'window') return expose(view, view.width + dx / 300, view.level + dy / 400)
  if (gesture === 'pan') return drag(view, viewer.scene, pane, [dx, dy])
  if (gesture === 'divide') return { ...view, divide: Math.min(1, Math.max(0, now[0] / pane.width)) }
  return view
}

/**
 * Two fingers zoom by their distance and move by their middle.
 * @param {Viewer} viewer
 * @param {Frame} pane
 * @param {Map<number, Point>} down
 * @param {number} id Of the finger that has moved.
 * @param {Point} now
 */
function pinch(viewer, pane, down, id, now) {
  const before = /** @type {Point} */ (down.get(id))
  const [other] = [...down].filter(([each]) => each !== id).map(([, point]) => point)
  const apart = (/** @type {Point} */ point) => Math.hypot(point[0] - other[0], point[1] - other[1])
  const middle = /** @type {Point} */ ([(now[0] + other[0]) / 2, (now[1] + other[1]) / 2])
  const by = /** @type {Point} */ ([(now[0] - before[0]) / 2, (now[1] - before[1]) / 2])
  const factor = apart(now) / Math.max(1, apart(before))
  viewer.change((view) => zoomAt(drag(view, viewer.scene, pane, by), viewer.scene, pane, middle, factor))
}

let scrolled = -SCROLLING_MS

/**
 * A page that scrolls by wheel is not caught by a viewer that comes under the pointer.
 * @param {WheelEvent} event
 */
export function noticeScrolling(event) {
  if (!event.defaultPrevented) scrolled = performance.now()
}

/**
 * @param {Viewer} viewer
 * @param {Frame} pane
 * @param {WheelEvent} event
 */
function wheel(viewer, pane, event) {
  const outwards = event.deltaY > 0 && viewer.view.zoom === 1
  const scrolling = performance.now() - scrolled < SCROLLING_MS
  if (!event.ctrlKey && !document.fullscreenElement && (outwards || scrolling)) return
  event.preventDefault()
  const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
  const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015))
  viewer.change((view) => zoomAt(view, viewer.scene, pane, at(pane, event), factor))
}

/**
 * @param {EventTarget | undefined} target
 */
const typing = (target) => target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('input:not([type=range]), textarea, select'))

/**
 * A key; H works from anywhere on the page, the others where the pointer or the focus is in the viewer.
 * @param {Viewer} viewer
 * @param {KeyboardEvent} event
 * @returns {boolean} Whether it meant something here.
 */
export function press(viewer, event) {
  const [target] = event.composedPath()
  if (event.ctrlKey || event.metaKey || event.altKey || typing(target)) return false
  const { root } = viewer
  const within = root.matches(':hover') || target instanceof Node && root.contains(target)
  if (!within && event.key.toLowerCase() !== 'h') return false
  const pane = viewer.panes.find(({ canvas }) => canvas === target)
  if (pane && pressInPane(viewer, pane, event)) return true
  const number = Number(event.key)
  if (number >= 1 && number <= PRESETS.length) {
    viewer.change((view) => preset(view, number - 1, viewer.range))
    return true
  }
  const command = commandOf(event.key)
  if (!command || !isOffered(command, viewer.scene)) return false
  if (command.key === 'escape' && !viewer.view.tool && !viewer.view.measured.length) return false
  viewer.act(command)
  return true
}

/**
 * @param {Viewer} viewer
 * @param {Frame} pane That has the focus.
 * @param {KeyboardEvent} event
 * @returns {boolean} Whether it meant something here.
 */
function pressInPane(viewer, pane, { key, shiftKey }) {
  const marking = draws(viewer.view.tool), cursor = marking || measuring(viewer.view)
  if (cursor && !viewer.pointer) viewer.movePointer(pane, [0, 0])
  if (key === 'Enter' && marking) viewer.set(pane)
  else if (key === 'Enter' && cursor) viewer.measure()
  else if (key === 'Enter') viewer.choose(pane.index)
  else if (!ARROWS[key]) return false
  else if (!cursor && !shiftKey && viewer.view.zoom === 1) { // nothing is out of sight
    const [across] = ARROWS[key]
    if (!viewer.narrow || !across) return false // the page's
    viewer.look(pane.index + across)
    viewer.panes[viewer.view.chosen].canvas.focus()
  } else {
    const [x, y] = ARROWS[key], step = Math.min(pane.width, pane.height) / (shiftKey ? 200 : 40)
    if (cursor) viewer.movePointer(pane, [x * step, y * step])
    else if (shiftKey) viewer.change((view) => nudge(view, x, y))
    else viewer.change((view) => drag(view, viewer.scene, pane, [-4 * x * step, -4 * y * step]))
  }
  return true
}
