// What the server sends once (core/display/scene.py), made ready to draw.

import { halve, rangeOf, unpack } from './greys.js'
import { bytesOf, smooth } from './heat.js'

/**
 * @typedef {import('./greys.js').Greys} Greys
 * @typedef {import('./heat.js').Map8} Map8
 * @typedef {import('./view.js').Point} Point
 * @typedef {{name: string, detail: string, colour: string, alt: string, heat: Map8 | null}} PaneData
 * @typedef {{
 *   key: string, id: string, width: number, height: number, depth: number, exact: boolean, mm_per_px: number | null,
 *   picture: string, seen: string | null, frame: number[], inside: number[], lungs: Point[][],
 *   maps: Record<string, string>, panes: PaneData[],
 * }} Scene
 * @typedef {{
 *   id: string, levels: Greys[], range: [number, number], sent: string | null, seen: HTMLImageElement | null,
 * }} Picture What the networks saw, as it was sent, tells whether it is still that.
 */

const SMALL_PX = 512 // pictures below it are drawn fast enough as they are

/**
 * @param {string} uri
 * @returns {Promise<HTMLImageElement>}
 */
async function load(uri) {
  const image = new Image()
  image.src = uri
  await image.decode()
  return image
}

/**
 * A scene's greys, at full size and, of a large one, at half.
 * @param {Scene} scene
 * @returns {Promise<Picture>}
 */
export async function openPicture(scene) {
  const [image, seen] = await Promise.all([load(scene.picture), scene.seen ? load(scene.seen) : null])
  const { naturalWidth: width, naturalHeight: height } = image
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const context = contextOf(canvas, { willReadFrequently: true })
  context.drawImage(image, 0, 0)
  const greys = unpack(context.getImageData(0, 0, width, height).data, width, height, scene.depth)
  const levels = Math.max(width, height) > SMALL_PX ? [greys, halve(greys)] : [greys]
  return { id: scene.id, levels, range: rangeOf(greys), sent: scene.seen, seen }
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
