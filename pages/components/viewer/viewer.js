// A radiograph in several panes that follow one another. What one does here never reaches the server.

import { COMMANDS, nameOfKey } from './commands.js'
import { Painter } from './draw.js'
import { apply, matrixOf, unapply, wordsOf } from './geometry.js'
import { greyAt } from './greys.js'
import { heatAt } from './heat.js'
import { listen, noticeScrolling, press } from './input.js'
import { arrange, paneOf } from './panes.js'
import { coloursOf, openHeat, openPicture } from './scene.js'
import { make, Toolbar } from './toolbar.js'
import { FIRST, forAnother, measure } from './view.js'

/**
 * @typedef {import('./view.js').View} View
 * @typedef {import('./view.js').Point} Point
 * @typedef {import('./panes.js').Frame} Frame
 * @typedef {import('./scene.js').Scene} Scene
 * @typedef {import('./scene.js').Picture} Picture
 */

const QUIET = 'View changes never alter what the networks saw.'
const FAILED = 'The picture could not be shown; load the page again.'
const GESTURES = [
  ['Drag', 'window and level'],
  ['Wheel, pinch', 'zoom'],
  ['Right drag, Shift drag, two fingers', 'move'],
  ['Double click', 'reset'],
  ['1 to 5', 'windows'],
  ['Arrows', 'move; with Shift window and level; with a ruler its point'],
  ['Enter', 'this pane large; with a ruler set its point'],
]

/** @type {Map<string, {view: View, picture: Picture}>} By key: outlives reruns and other pages. */
const kept = new Map()

export class Viewer {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    /** @type {Frame[]} */
    this.panes = []
    this.view = FIRST
    this.scene = /** @type {Scene} */ (/** @type {unknown} */ (null))
    this.range = /** @type {[number, number]} */ ([0, 1])
    /** @type {Painter | null} */
    this.painter = null
    /** @type {Point | null} */
    this.pointer = null
    this.due = 0
    this.shows = 0
    this.told = ''
    this.toolbar = new Toolbar((change) => this.change(change), () => this.full(), () => this.range)
    this.stage = make('div', { class: 'panes' })
    this.readout = make('div', { class: 'readout' })
    this.scale = make('canvas', { width: '256', height: '1', 'aria-hidden': 'true' })
    const legend = make('div', { class: 'legend' }, make('span', {}, 'low heat'), this.scale)
    legend.append(make('span', {}, 'high heat'), make('span', {}, 'each map scaled to its own peak'))
    root.append(this.toolbar.element, this.toolbar.settings, this.stage, this.readout, legend)
    root.append(make('div', { class: 'foot' }, make('p', {}, QUIET), listOfKeys()))
    this.observer = new ResizeObserver(() => this.resize())
    this.onKey = (/** @type {KeyboardEvent} */ event) => {
      // Streamlit has keys of its own, R among them.
      if (this.root.isConnected && press(this, event)) { event.preventDefault(); event.stopPropagation() }
    }
  }

  wake() {
    document.addEventListener('keydown', this.onKey, true)
    document.addEventListener('wheel', noticeScrolling, { passive: true })
    this.observer.observe(this.stage)
  }

  rest() {
    document.removeEventListener('keydown', this.onKey, true)
    document.removeEventListener('wheel', noticeScrolling)
    this.observer.disconnect()
    cancelAnimationFrame(this.due)
    this.due = 0
  }

  /**
   * Shows a scene; what is there stays until it is ready.
   * @param {Scene} scene
   */
  async show(scene) {
    const show = ++this.shows, before = kept.get(scene.key)
    const told = JSON.stringify({ ...scene, picture: '' })
    if (told === this.told) return
    const same = before?.picture.id === scene.id ? before : null
    const picture = same?.picture.sent === scene.seen ? same.picture : await openPicture(scene)
    if (show !== this.shows) return // another came meanwhile
    const view = same ? same.view : before ? forAnother(before.view) : FIRST
    const maps = Object.keys(scene.maps), [map] = maps
    this.told = told
    this.scene = scene
    this.range = picture.range
    this.painter = new Painter(scene, picture, openHeat(scene))
    const chosen = Math.min(view.chosen, scene.panes.length - 1)
    this.view = { ...view, map: maps.includes(view.map) ? view.map : map, chosen }
    kept.set(scene.key, { view: this.view, picture })
    this.build()
    this.change((same) => same)
  }

  build() {
    const { width, height, panes } = this.scene
    this.stage.style.setProperty('--shape', String(Math.min(1.4, Math.max(0.7, width / height))))
    this.stage.style.setProperty('--small', String(panes.length - 1))
    this.panes = panes.map((data, index) => paneOf(data, index, (chosen) => this.choose(chosen)))
    for (const pane of this.panes) listen(this, pane)
    this.stage.replaceChildren(...this.panes.map(({ figure }) => figure))
    this.resize()
  }

  resize() {
    for (const pane of this.panes) {
      const { clientWidth, clientHeight } = /** @type {HTMLElement} */ (pane.canvas.parentElement)
      pane.width = clientWidth
      pane.height = clientHeight
    }
    this.schedule()
  }

  /** @param {(view: View) => View} change */
  change(change) {
    if (!this.painter) return
    const { large, chosen, map } = this.view
    this.view = change(this.view)
    kept.set(this.scene.key, { view: this.view, picture: this.painter.picture })
    const { view } = this
    this.stage.classList.toggle('large', view.large)
    this.toolbar.update(view, Object.keys(this.scene.maps), this.range)
    arrange(this.panes, view)
    if (view.large !== large || view.chosen !== chosen) this.resize()
    if (view.map !== map || !this.scale.dataset.map) this.drawScale()
    this.schedule()
  }

  schedule() {
    this.due ||= requestAnimationFrame(() => { this.due = 0; this.draw() })
  }

  draw() {
    if (!this.painter) return
    for (const pane of this.panes) {
      if (pane.width && pane.height) this.painter.draw(pane, this.view, devicePixelRatio, this.pointer)
    }
    this.read()
  }

  /** What lies under the pointer, in words. */
  read() {
    const { scene, view, pointer } = this
    const greys = /** @type {Painter} */ (this.painter).picture.levels[0]
    const grey = pointer && greyAt(greys, pointer[0] / scene.width, pointer[1] / scene.height)
    const [across, down] = (pointer ?? []).map(Math.floor)
    const where = grey !== null
      ? `across ${across}, down ${down}: grey ${scene.exact ? grey : `about ${grey}`} of ${2 ** scene.depth - 1}`
      : `${scene.width} x ${scene.height} px`
    const window = `window ${(100 * view.width).toFixed(0)} %, level ${(100 * view.level).toFixed(0)} %`
    const measured = view.marks.map((mark) => wordsOf(mark, scene.mm_per_px))
    this.readout.textContent = [where, window, `zoom ${view.zoom.toFixed(1)}`, ...measured].join('  ·  ')
    for (const { index, under } of this.panes) {
      const heat = /** @type {Painter} */ (this.painter).heats[index]
      const here = pointer && heat && heatAt(heat, scene.frame, pointer)
      under.textContent = typeof here === 'number' ? `heat ${here.toFixed(2)}` : ''
    }
  }

  drawScale() {
    const colours = coloursOf(this.scene, this.view.map), context = this.scale.getContext('2d')
    if (!context) return
    const image = context.createImageData(256, 1)
    for (let i = 0; i < 256; i++) image.data.set([...colours.subarray(3 * i, 3 * i + 3), 255], 4 * i)
    context.putImageData(image, 0, 0)
    this.scale.dataset.map = this.view.map
  }

  /**
   * Where the pointer is; without a pane it is gone.
   * @param {Frame | null} pane
   * @param {Point} [at] In the pane.
   */
  point(pane, at = [0, 0]) {
    this.pointer = pane && unapply(matrixOf(this.view, this.scene, pane), at)
    this.schedule()
  }

  /**
   * Moves the pointer by keys; it begins in the middle.
   * @param {Frame} pane
   * @param {Point} by In CSS pixels.
   */
  movePointer(pane, by) {
    const matrix = matrixOf(this.view, this.scene, pane)
    const [x, y] = this.pointer ? apply(matrix, this.pointer) : [pane.width / 2, pane.height / 2]
    this.point(pane, [x + by[0], y + by[1]])
  }

  measure() {
    const { pointer } = this
    if (pointer) this.change((view) => measure(view, pointer))
  }

  /** @param {number} index Of the pane that is to be large; again, and all are alike. */
  choose(index) {
    this.change((view) => ({ ...view, large: !view.large || view.chosen !== index, chosen: index }))
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen()
    else this.root.requestFullscreen()
  }
}

function listOfKeys() {
  const keys = COMMANDS.map((each) => [nameOfKey(each), each.label.toLowerCase()])
  const rows = [...GESTURES, ...keys]
  const terms = rows.flatMap(([name, means]) => [make('dt', {}, name), make('dd', {}, means)])
  return make('details', {}, make('summary', {}, 'Mouse, fingers and keys'), make('dl', {}, ...terms))
}

/** @type {WeakMap<Element, Viewer>} */
const viewers = new WeakMap()

/**
 * What Streamlit calls when it mounts the component, and again with new data.
 * @param {{parentElement: ParentNode, data: Scene}} component
 */
export default function ({ parentElement, data }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector('.viewer'))
  const viewer = viewers.get(root) ?? new Viewer(root)
  viewers.set(root, viewer)
  viewer.wake()
  viewer.show(data).catch(() => { viewer.readout.textContent = FAILED })
  return () => viewer.rest()
}
