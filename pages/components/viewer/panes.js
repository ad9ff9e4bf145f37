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

/**
 * @param {Frame[]} panes
 * @param {View} view
 */
export function arrange(panes, view) {
  for (const { figure, index, larger, canvas } of panes) {
    figure.classList.toggle('chosen', view.large && index === view.chosen)
    larger.setAttribute('aria-pressed', String(view.large && index === view.chosen))
    canvas.style.touchAction = view.tool ? 'none' : 'pan-y'
    canvas.style.cursor = view.tool === 'pan' ? 'grab' : 'crosshair'
  }
}
