// The panes: a canvas each, with a caption that says whose heat it is.

import { contextOf } from './scene.js'
import { icon } from './icons.js'
import { make } from './make.js'

/**
 * @typedef {import('./draw.js').Pane} Pane
 * @typedef {import('./scene.js').PaneData} PaneData
 * @typedef {import('./view.js').View} View
 * @typedef {Pane & {figure: HTMLElement, under: HTMLElement, larger: HTMLButtonElement}} Frame
 */

/**
 * @param {PaneData} data
 * @param {number} index
 * @param {(index: number) => void} choose Called with a pane that is to be the large one.
 * @returns {Frame}
 */
export function paneOf(data, index, choose) {
  const canvas = make('canvas', { tabindex: '0', role: 'img', 'aria-label': data.alt })
  const under = make('span', { class: 'under' })
  const words = { title: 'Large (Enter)', 'aria-label': `${data.name}, large` }
  const larger = make('button', { type: 'button', ...words }, icon('large'))
  larger.onclick = () => choose(index)
  const dot = make('i', { 'aria-hidden': 'true' })
  dot.style.background = data.colour
  const name = [dot, make('b', {}, data.name), make('span', {}, data.detail)]
  const figure = make('figure', {}, make('div', {}, canvas), make('figcaption', {}, ...name, under, larger))
  const context = contextOf(canvas, { alpha: false })
  return { canvas, context, index, width: 0, height: 0, figure, under, larger }
}

const NARROWEST_PX = 270 // of a pane beside others
const SMALLEST_PX = 190 // of one of three abreast, which all stand on a small screen
const NARROW_PX = 560 // of a viewer with room for one pane

/**
 * How many panes stand side by side: as many as have room, and three on a small screen, in rows that are alike.
 * @param {number} width Of the viewer, in CSS pixels.
 * @param {number} count Of panes.
 */
export function columnsFor(width, count) {
  const small = Math.min(3, Math.floor(width / SMALLEST_PX))
  const abreast = Math.min(count, Math.max(1, small, Math.floor(width / NARROWEST_PX)))
  return Math.ceil(count / Math.ceil(count / abreast))
}

/**
 * Whether there is room for one pane at a time.
 * @param {number} width Of the viewer, in CSS pixels.
 */
export const isNarrow = (width) => width < NARROW_PX

/**
 * One pane's button in the strip: whose heat it is and what the network answers.
 * @param {PaneData} data
 * @param {() => void} look
 * @param {(by: number) => void} step Called with -1 or 1 by the arrow keys.
 */
export function chipOf({ name, detail, colour }, look, step) {
  const dot = make('i', { 'aria-hidden': 'true' })
  dot.style.background = colour
  const chip = make('button', { type: 'button' }, dot, make('b', {}, name), make('span', {}, detail))
  chip.onclick = look
  chip.onkeydown = ({ key }) => { if (key === 'ArrowLeft' || key === 'ArrowRight') step(key === 'ArrowLeft' ? -1 : 1) }
  return chip
}

/**
 * @param {Frame[]} panes
 * @param {View} view
 * @param {boolean} narrow
 */
export function arrange(panes, view, narrow) {
  for (const { figure, index, larger, canvas } of panes) {
    figure.classList.toggle('chosen', view.large && index === view.chosen)
    larger.setAttribute('aria-pressed', String(view.large && index === view.chosen))
    canvas.style.touchAction = view.tool ? 'none' : narrow ? 'pan-x pan-y' : 'pan-y'
    canvas.style.cursor = view.tool === 'pan' ? 'grab' : 'crosshair'
  }
}
