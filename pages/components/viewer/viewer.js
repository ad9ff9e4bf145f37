// A radiograph in several panes that follow one another. What one does here stays here, but for a zoom that
// wants a sharper picture, and for marks where a page asks to be given them.

import { COMMANDS, DONE, FULL, isOffered, nameOfKey, SAVE } from './commands.js'
import { Painter } from './draw.js'
import { apply, matrixOf, scaleOf, unapply, wordsOf } from './geometry.js'
import { greyAt, greyOf } from './greys.js'
import { heatAt, peakOf, scaleIn, SCALES } from './heat.js'
import { icon } from './icons.js'
import { listen, noticeScrolling, press } from './input.js'
import { Findings } from './findings.js'
import { asShares, draws, finish, isFull, MAX_MARKS, NAMES, set, trace } from './marks.js'
import { arrange, chipOf, columnsFor, isNarrow, paneOf } from './panes.js'
import { coloursOf, openHeat, openPicture } from './scene.js'
import { composeSheet, saveSheet } from './sheet.js'
import { make } from './make.js'
import { Toolbar } from './toolbar.js'
import { clamp, FIRST, forAnother, keepDrawn, measure, PLAIN } from './view.js'
import { fetchGreys } from './wavelet.js'

/**
 * @typedef {import('./view.js').View} View
 * @typedef {import('./view.js').Drawn} Drawn
 * @typedef {import('./view.js').Point} Point
 * @typedef {import('./panes.js').Frame} Frame
 * @typedef {import('./scene.js').Scene} Scene
 * @typedef {import('./scene.js').Picture} Picture
 * @typedef {(name: string, value: unknown) => void} Tell Tells the server.
 */

const QUIET = 'View changes never alter what the networks saw.'
const FAILED = 'The picture could not be shown; load the page again.'
const TOO_OLD = 'This browser is too old to show the picture; update it.'
const NOT_SHARPER = 'More of the picture could not be shown; load the page again.'
const FULL_OF_MARKS = `There can be ${MAX_MARKS} marks and no more; take some back first.`
const SHARPER = 1.1 // device pixels a pixel of the first picture, from where a sharper one is asked for
const STILL_MS = 250 // without a further change, until it is
const BY_KEYS = 'Arrows move the cross, with Shift by less; Enter sets a point.'
const GESTURES = {
  hands: [
    ['Drag', 'window and level'],
    ['Wheel', 'zoom'],
    ['Right drag, Shift drag', 'move'],
    ['Double click', 'reset'],
    ['1 to 5', 'windows'],
    ['Arrows', 'move; with Shift window and level; with a ruler or a marker its point'],
    ['Enter', 'this pane large; with a ruler or a marker set its point'],
  ],
  fingers: [['Two fingers', 'zoom and move'], ['Double tap', 'reset'], ['Swipe', 'the next one, where there is one']],
}

const FOLLOW = 'viewer-follow' // what viewers of one group tell each other
const SHARED = /** @type {(keyof typeof PLAIN)[]} */ (Object.keys(PLAIN))

/**
 * By key; outlives reruns and other pages.
 * @type {Map<string, {view: View, picture: Picture, drawn: Map<string, Drawn>}>}
 */
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
    this.asked = ''
    this.waiting = 0
    /** @type {Tell} */
    this.tell = () => {}
    const change = (/** @type {(view: View) => View} */ by) => this.change(by)
    this.toolbar = new Toolbar((command) => this.act(command), change, () => this.range)
    this.stage = make('div', { class: 'panes' })
    this.readout = make('div', { class: 'readout' })
    this.notice = make('div', { class: 'notice', role: 'alert' })
    this.narrow = false
    this.chips = make('div', { class: 'chips', role: 'group', 'aria-label': 'Which picture' })
    this.stage.onscroll = () => this.swiped()
    this.scale = make('canvas', { width: '256', height: '1', 'aria-hidden': 'true' })
    this.high = make('span')
    this.own = make('select', { 'aria-label': 'Scale of the heat' })
    this.own.append(...SCALES.map(({ own, name }) => make('option', { value: String(own) }, name)))
    this.own.onchange = () => this.change((view) => ({ ...view, own: this.own.value === 'true' }))
    this.printed = make('span', { class: 'printed' }) // where nobody can choose
    const legend = make('div', { class: 'legend' }, make('span', {}, 'no heat'), this.scale, this.high)
    legend.append(this.own, this.printed)
    this.findings = new Findings()
    this.said = make('div', { class: 'said', role: 'status' })
    root.append(this.notice, this.toolbar.element, this.chips, this.stage)
    root.append(this.readout, this.findings.element, legend, this.said)
    this.keys = make('details')
    root.append(make('div', { class: 'foot' }, make('p', {}, QUIET), this.keys))
    this.observer = new ResizeObserver(() => this.resize())
    this.following = false
    this.onFollow = (/** @type {Event} */ event) => this.follow(/** @type {CustomEvent} */ (event).detail)
    this.onKey = (/** @type {KeyboardEvent} */ event) => {
      // Streamlit has keys of its own, R among them.
      if (!this.root.isConnected || !this.painter || !press(this, event)) return
      event.preventDefault()
      event.stopPropagation()
    }
  }

  wake() {
    document.addEventListener('keydown', this.onKey, true)
    document.addEventListener(FOLLOW, this.onFollow)
    document.addEventListener('wheel', noticeScrolling, { passive: true })
    this.observer.observe(this.stage)
  }

  rest() {
    document.removeEventListener('keydown', this.onKey, true)
    document.removeEventListener(FOLLOW, this.onFollow)
    document.removeEventListener('wheel', noticeScrolling)
    this.observer.disconnect()
    cancelAnimationFrame(this.due)
    clearTimeout(this.waiting)
    this.due = 0
  }

  /**
   * Shows a scene, or says why not; what is there stays until it is ready, or could not be opened.
   * @param {Scene} scene
   */
  async show(scene) {
    const show = ++this.shows
    const told = JSON.stringify({ ...scene, sharp: null })
    try {
      if (told !== this.told) await this.showAnother(scene, told, show)
      if (scene.sharp && show === this.shows) await this.sharpen(scene.sharp)
    } catch {
      if (show !== this.shows) return // nobody waits for that one any more
      const opened = told === this.told
      if (!opened) this.drop()
      const words = 'DecompressionStream' in globalThis ? FAILED : TOO_OLD
      this.notice.textContent = opened ? NOT_SHARPER : words
    }
  }

  /** Shows nothing: another case than what is on the page would mislead. */
  drop() {
    clearTimeout(this.waiting)
    this.painter = this.pointer = null
    this.told = ''
    this.panes = []
    this.stage.replaceChildren()
    this.root.classList.add('bare')
  }

  /**
   * @param {Scene} scene
   * @param {string} told
   * @param {number} show
   */
  async showAnother(scene, told, show) {
    const before = kept.get(scene.key)
    const same = before?.picture.id === scene.id ? before : null
    const picture = same?.picture.sent === scene.seen ? same.picture : await openPicture(scene)
    if (show !== this.shows) return // another came meanwhile
    const view = same ? same.view : before ? forAnother(before.view, before.drawn.get(scene.id)) : FIRST
    const maps = Object.keys(scene.maps), [map] = maps
    this.told = told
    this.scene = scene
    this.range = picture.range
    this.painter = new Painter(scene, picture, openHeat(scene))
    this.root.classList.remove('bare')
    const chosen = Math.min(view.chosen, scene.panes.length - 1)
    const own = scene.own_scale || view.own
    this.view = { ...view, map: maps.includes(view.map) ? view.map : map, chosen, own }
    this.root.classList.toggle('one-scale', scene.own_scale)
    this.toolbar.offer(scene)
    this.root.classList.toggle('plain', !scene.panes.some(({ heat }) => heat))
    this.keys.replaceChildren(...listOfKeys(scene))
    this.build()
    this.change((same) => same)
    this.findings.show(this.view.marks, scene, this.painter)
  }

  /**
   * Takes the picture for whoever zooms, once, and draws it in the place of the first one.
   * @param {import('./wavelet.js').Sheet} sheet
   */
  async sharpen(sheet) {
    const picture = this.painter?.picture
    if (!picture || picture.sharp) return
    const greys = await fetchGreys(sheet)
    if (picture.sharp) return
    picture.levels = [greys, ...picture.levels]
    picture.sharp = true
    if (this.painter?.picture !== picture) return // another came meanwhile
    this.findings.show(this.view.marks, this.scene, this.painter)
    this.schedule()
  }

  /** Asks for the picture for whoever zooms, once for each radiograph, as soon as it would show more. */
  wantSharp() {
    clearTimeout(this.waiting)
    const { scene, view, panes, asked } = this
    const picture = /** @type {Painter} */ (this.painter).picture
    if (!scene.more || picture.sharp || asked === scene.id || view.zoom === 1) return
    const most = Math.max(...panes.map((pane) => scaleOf(matrixOf(view, scene, pane))))
    if (most * devicePixelRatio * scene.width / scene.picture.width < SHARPER) return
    this.waiting = setTimeout(() => {
      this.asked = scene.id
      this.tell('sharper', scene.id)
    }, STILL_MS)
  }

  build() {
    const { width, height, panes } = this.scene
    this.stage.style.setProperty('--shape', String(Math.min(1.4, Math.max(0.7, width / height))))
    this.stage.style.setProperty('--small', String(panes.length - 1))
    this.panes = panes.map((data, index) => paneOf(data, index, (chosen) => this.choose(chosen)))
    for (const pane of this.panes) listen(this, pane)
    this.stage.replaceChildren(...this.panes.map(({ figure }) => figure))
    const step = (/** @type {number} */ by) => this.look(this.view.chosen + by)
    this.chips.replaceChildren(...panes.map((data, index) => chipOf(data, () => this.look(index), step)))
    this.resize()
  }

  /** Gives the panes the room that there is: side by side, or one at a time on a strip. */
  resize() {
    const { clientWidth: room } = this.root
    if (!room) return
    this.narrow = isNarrow(room)
    this.root.classList.toggle('narrow', this.narrow)
    this.stage.style.setProperty('--columns', String(columnsFor(room, this.panes.length)))
    for (const pane of this.panes) {
      const { clientWidth, clientHeight } = /** @type {HTMLElement} */ (pane.canvas.parentElement)
      pane.width = clientWidth
      pane.height = clientHeight
    }
    arrange(this.panes, this.view, this.narrow)
    this.scrollToChosen()
    this.schedule()
  }

  scrollToChosen() {
    if (this.narrow) this.stage.scrollTo({ left: this.view.chosen * this.stage.clientWidth, behavior: 'instant' })
  }

  /**
   * On the strip, another pane.
   * @param {number} index One beyond the last is the last.
   */
  look(index) {
    const chosen = clamp(index, 0, this.panes.length - 1)
    this.change((view) => ({ ...view, chosen }))
    this.scrollToChosen()
    const chip = /** @type {HTMLElement} */ (this.chips.children[chosen])
    if (this.chips.contains(/** @type {ShadowRoot} */ (this.root.getRootNode()).activeElement)) chip.focus()
  }

  /** A finger has moved the strip. */
  swiped() {
    const { scrollLeft, clientWidth } = this.stage
    if (!this.narrow || !clientWidth) return
    const chosen = clamp(Math.round(scrollLeft / clientWidth), 0, this.panes.length - 1)
    if (chosen !== this.view.chosen) this.change((view) => ({ ...view, chosen }))
  }

  /** @param {(view: View) => View} change */
  change(change) {
    if (!this.painter) return
    const before = this.view, { large, chosen, map, marks, tool } = before
    this.view = change(before)
    const { view } = this
    this.lead(before)
    this.notice.textContent = ''
    this.keep(this.painter.picture)
    this.stage.classList.toggle('large', view.large && !this.narrow)
    this.toolbar.update(view, Object.keys(this.scene.maps), this.range)
    arrange(this.panes, view, this.narrow)
    this.high.textContent = scaleIn(view).high
    this.own.value = String(view.own)
    this.printed.textContent = scaleIn(view).name
    for (const [index, chip] of [...this.chips.children].entries()) {
      chip.setAttribute('aria-pressed', String(index === view.chosen))
    }
    if (view.large !== large || !this.narrow && view.chosen !== chosen) this.resize()
    if (view.map !== map || !this.scale.dataset.map) this.drawScale()
    if (view.tool !== tool && draws(view.tool)) this.said.textContent = `${NAMES[view.tool]}. ${BY_KEYS}`
    if (view.marks !== marks) this.say(marks.length)
    this.schedule()
  }

  /**
   * Tells the other viewers of the same group how this one is looked at now.
   * @param {View} before
   */
  lead(before) {
    const { scene: { group }, view } = this
    if (!group || this.following || !SHARED.some((name) => before[name] !== view[name])) return
    document.dispatchEvent(new CustomEvent(FOLLOW, { detail: { group, from: this, view } }))
  }

  /** @param {{group: string, from: Viewer, view: View}} told By another viewer. */
  follow({ group, from, view }) {
    if (from === this || !this.painter || group !== this.scene.group) return
    this.following = true
    this.change((own) => ({ ...own, ...Object.fromEntries(SHARED.map((name) => [name, view[name]])) }))
    this.following = false
  }

  /** @param {Picture} picture That is shown. */
  keep(picture) {
    const { scene: { key, id }, view } = this, drawn = kept.get(key)?.drawn ?? new Map()
    keepDrawn(drawn, id, view)
    kept.set(key, { view, picture, drawn })
  }

  schedule() {
    this.due ||= requestAnimationFrame(() => { this.due = 0; this.draw() })
  }

  draw() {
    if (!this.painter) return
    for (const pane of this.panes) {
      const far = this.narrow && Math.abs(pane.index - this.view.chosen) > 1 // out of sight
      if (pane.width && pane.height && !far) this.painter.draw(pane, this.view, devicePixelRatio, this.pointer)
    }
    this.read()
    this.wantSharp()
  }

  /**
   * Says what marks there are.
   * @param {number} before How many there were.
   */
  say(before) {
    const { marks } = this.view, last = marks[marks.length - 1]
    const words = this.findings.show(marks, this.scene, /** @type {Painter} */ (this.painter))
    const done = marks.length > before ? `${NAMES[last.kind]} set.` : 'Taken back.'
    this.said.textContent = `${done} ${marks.length} of them now. ${words}`
  }

  /**
   * Does what a button or a key says.
   * @param {import('./commands.js').Command} command
   */
  act(command) {
    if (command === FULL) this.full()
    else if (command === DONE) this.give()
    else if (command === SAVE) this.save()
    else this.change(command.change)
  }

  /** Saves all panes as they are, without the pointer, as one picture. */
  save() {
    const { painter, view, scene, scale } = this
    if (!painter) return
    const panes = this.panes.filter(({ width, height }) => width && height)
    for (const pane of panes) painter.draw(pane, view, devicePixelRatio, null)
    const parts = panes.map(({ width, height, index }) => ({ ...scene.panes[index], width, height }))
    const { high, name } = scaleIn(view)
    const words = [windowWords(view), ...scene.foot]
    const about = { dpr: devicePixelRatio, scale, high: `${high}. ${name}.`, words }
    const large = view.large && !this.narrow ? panes.findIndex(({ index }) => index === view.chosen) : -1
    const sheet = composeSheet(panes.map(({ canvas }) => canvas), parts, { ...about, large })
    saveSheet(sheet, 'thoraxlens-view.png')
    this.said.textContent = 'The picture was saved.'
    this.schedule()
  }

  /** What lies under the pointer, in words. */
  read() {
    const { scene, view, pointer } = this
    const greys = /** @type {Painter} */ (this.painter).picture.levels[0]
    const grey = pointer && greyAt(greys, pointer[0] / scene.width, pointer[1] / scene.height)
    const [across, down] = (pointer ?? []).map(Math.floor)
    const where = grey !== null
      ? `across ${across}, down ${down}: ${greyOf(grey, greys)}`
      : shownAs(scene, greys)
    const lengths = view.measured.map((mark) => wordsOf(mark, scene.mm_per_px))
    this.readout.textContent = [where, windowWords(view), `zoom ${view.zoom.toFixed(1)}`, ...lengths].join('  ·  ')
    for (const { index, under } of this.panes) {
      const heat = /** @type {Painter} */ (this.painter).heats[index]
      const here = pointer && heat && heatAt(heat, scene.frame, pointer)
      const hot = typeof here === 'number' && here * peakOf(view, scene.panes[index])
      under.textContent = hot === false ? '' : `heat ${hot.toFixed(2)}`
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

  /**
   * Where something is on the radiograph, and never beside it.
   * @param {Frame} pane
   * @param {Point} at In the pane.
   * @returns {Point}
   */
  onPicture(pane, at) {
    const { width, height } = this.scene
    const [x, y] = unapply(matrixOf(this.view, this.scene, pane), at)
    return [clamp(x, 0, width), clamp(y, 0, height)]
  }

  /**
   * Changes what is marked, or says why nothing more is.
   * @param {(view: View) => View} change
   */
  mark(change) {
    if (isFull(this.view)) this.notice.textContent = FULL_OF_MARKS
    else this.change(change)
  }

  /**
   * Draws as a hand moves.
   * @param {Frame} pane
   * @param {Point[]} points In the pane.
   */
  trace(pane, points) {
    const places = points.map((at) => this.onPicture(pane, at))
    this.mark((view) => places.reduce(trace, view))
  }

  /** @param {Frame} pane Where a hand has drawn. */
  finish(pane) {
    const half = 0.5 / scaleOf(matrixOf(this.view, this.scene, pane)) // of a CSS pixel
    this.mark((view) => finish(view, half))
  }

  /**
   * Sets a point of a mark; without a place, where the cross is.
   * @param {Frame} pane
   * @param {Point} [at] In the pane.
   */
  set(pane, at) {
    const matrix = matrixOf(this.view, this.scene, pane)
    const place = this.onPicture(pane, at ?? (this.pointer ? apply(matrix, this.pointer) : [0, 0]))
    this.mark((view) => set(view, place))
  }

  /** Gives the marks back to the page that asked for them. */
  give() {
    const { id } = this.scene
    this.change(DONE.change)
    const marks = asShares(this.view.marks, this.scene)
    this.tell('given', { id, marks })
    this.said.textContent = `Handed over: ${marks.length} ${marks.length === 1 ? 'mark' : 'marks'}.`
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

/**
 * How much of a radiograph is there to be seen, in words.
 * @param {Scene} scene
 * @param {import('./greys.js').Greys} greys The largest of its pictures.
 */
function shownAs({ width, height }, greys) {
  const whole = greys.width === width ? '' : `, shown at ${greys.width} x ${greys.height}`
  return `${width} x ${height} px${whole}, ${greys.depth} bits of grey`
}

/** @param {View} view */
const windowWords = ({ width, level }) =>
  `window ${(100 * width).toFixed(0)} %, level ${(100 * level).toFixed(0)} %`

/** @param {Scene} scene Whose page offers what it offers. */
function listOfKeys(scene) {
  const gestures = Object.entries(GESTURES).flatMap(([by, rows]) => rows.map((row) => rowFor(by, row[0], row[1])))
  const offered = COMMANDS.filter((each) => isOffered(each, scene)).map((each) => {
    const key = make('span', { class: 'hands' }, nameOfKey(each))
    return rowFor('', make('span', {}, key, make('span', { class: 'fingers' }, icon(each.icon))), each.label)
  })
  const title = [['hands', 'Mouse and keys'], ['fingers', 'Fingers and buttons']]
    .map(([by, words]) => make('span', { class: by }, words))
  return [make('summary', {}, ...title), make('dl', {}, ...[...gestures, ...offered].flat())]
}

/**
 * @param {string} by Who has a use for it: hands, fingers, or both.
 * @param {Node | string} name
 * @param {string} means
 */
const rowFor = (by, name, means) => [make('dt', { class: by }, name), make('dd', { class: by }, means)]

/** @type {WeakMap<Element, Viewer>} */
const viewers = new WeakMap()

/**
 * What Streamlit calls when it mounts the component, and again with new data.
 * @param {{parentElement: ParentNode, data: Scene, setStateValue: Tell}} component
 */
export default function ({ parentElement, data, setStateValue }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector('.viewer'))
  const viewer = viewers.get(root) ?? new Viewer(root)
  viewers.set(root, viewer)
  viewer.tell = setStateValue
  viewer.wake()
  viewer.show(data)
  return () => viewer.rest()
}
