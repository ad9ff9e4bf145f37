// What the server sends once (core/display/scene.py), made ready to draw.

import { addressOf } from './address.js'
import { halve, rangeOf } from './greys.js'
import { bytesOf, smooth } from './heat.js'
import { fetchGreys } from './wavelet.js'

/**
 * @typedef {import('./greys.js').Greys} Greys
 * @typedef {import('./heat.js').Map8} Map8
 * @typedef {import('./view.js').Point} Point
 * @typedef {import('./wavelet.js').Sheet} Sheet
 * @typedef {{
 *   name: string, detail: string, colour: string, alt: string, sure: number, heat: Map8 | null,
 * }} PaneData Sure: the network's probability of COVID-19.
 * @typedef {{
 *   key: string, id: string, width: number, height: number, mm_per_px: number | null,
 *   picture: Sheet, sharp: Sheet | null, more: boolean, seen: string | null,
 *   frame: number[], inside: number[], lungs: Point[][], lesions: Point[][],
 *   maps: Record<string, string>, panes: PaneData[], foot: string[],
 *   sides: boolean, own_scale: boolean, group: string, asks: import('./marks.js').Kind[], gives: boolean,
 * }} Scene Group: viewers of one follow each other, unless it is empty. Own scale: each map is scaled to its own peak, and there is no other choice.
 * @typedef {{
 *   id: string, levels: Greys[], range: [number, number], sent: string | null, seen: HTMLImageElement | null,
 *   sharp: boolean,
 * }} Picture Its levels from the largest. What was sent of what the networks saw tells whether it still is.
 */

const SMALL_PX = 512 // pictures below it are drawn fast enough as they are

/**
 * @param {string} url
 * @returns {Promise<HTMLImageElement>}
 */
async function load(url) {
  const image = new Image()
  image.src = addressOf(url)
  await image.decode()
  return image
}

/**
 * A scene's greys, at full size and, of a large one, at half.
 * @param {Scene} scene
 * @returns {Promise<Picture>}
 */
export async function openPicture(scene) {
  const [greys, seen] = await Promise.all([fetchGreys(scene.picture), scene.seen ? load(scene.seen) : null])
  const levels = Math.max(greys.width, greys.height) > SMALL_PX ? [greys, halve(greys)] : [greys]
  return { id: scene.id, levels, range: rangeOf(greys), sent: scene.seen, seen, sharp: false }
}

/**
 * @param {Scene} scene
 * @returns {(Float32Array | null)[]} One a pane.
 */
export const openHeat = (scene) => scene.panes.map(({ heat }) => heat && smooth(heat))

/**
 * @param {Scene} scene
 * @param {string} name
 */
export const coloursOf = (scene, name) => bytesOf(scene.maps[name])

/**
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [options]
 */
export function contextOf(canvas, options) {
  const context = canvas.getContext('2d', options)
  if (!context) throw new Error('This browser does not draw.')
  return context
}
