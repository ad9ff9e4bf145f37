// All panes as one picture to take along: their names, the legend and the disclaimer with them.

import { make } from './make.js'

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Place
 * @typedef {{places: Place[], width: number, height: number, foot: number}} Plan The foot is where the legend
 *   begins.
 * @typedef {{width: number, height: number, name: string, detail: string, colour: string}} Part
 */

const MARGIN = 12, CAPTION_HEIGHT = 26, LINE_HEIGHT = 24, ABREAST = 3, GROUND = '#111418', LETTERS = '#E8ECF0'
export const NARROWEST = 620 // so that the last line is never cut

/**
 * Where panes stand: a large one on top, the others in rows below; or all in rows of three.
 * @param {{width: number, height: number}[]} sizes Of the panes, in CSS pixels; those of a row are alike.
 * @param {number} large Index of the large one; -1 where all are alike.
 * @param {number} lines At the foot.
 * @returns {Plan}
 */
export function planSheet(sizes, large, lines) {
  const others = sizes.map((_, index) => index).filter((index) => index !== large)
  const columns = large < 0 ? ABREAST : others.length
  const rows = large < 0 ? [] : [[large]]
  for (let i = 0; i < others.length; i += columns) rows.push(others.slice(i, i + columns))
  /** @type {Place[]} */
  const places = []
  let y = MARGIN, widest = NARROWEST
  for (const row of rows) {
    let x = MARGIN
    for (const index of row) {
      places[index] = { x, y, ...sizes[index] }
      x += sizes[index].width + MARGIN
    }
    widest = Math.max(widest, x)
    y += Math.max(...row.map((index) => sizes[index].height)) + CAPTION_HEIGHT + MARGIN
  }
  return { places, width: widest, height: y + lines * LINE_HEIGHT, foot: y }
}

/**
 * @param {HTMLCanvasElement[]} canvases As they are drawn.
 * @param {Part[]} parts What each of them is.
 * @param {{large: number, dpr: number, scale: HTMLCanvasElement, high: string, words: string[]}} about The large
 *   one's index, device pixels a CSS pixel, the legend's colours and their upper end, and lines at the foot.
 * @returns {HTMLCanvasElement}
 */
export function composeSheet(canvases, parts, { large, dpr, scale, high, words }) {
  const { places, width, height, foot } = planSheet(parts, large, words.length + 1)
  const canvas = make('canvas', { width: String(Math.round(width * dpr)), height: String(Math.round(height * dpr)) })
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
  context.scale(dpr, dpr)
  context.fillStyle = GROUND
  context.fillRect(0, 0, width, height)
  context.textBaseline = 'middle'
  parts.forEach((part, index) => {
    const { x, y, width: wide, height: high } = places[index], middle = y + high + CAPTION_HEIGHT / 2
    context.drawImage(canvases[index], x, y, wide, high)
    context.fillStyle = part.colour
    context.beginPath()
    context.arc(x + 5, middle, 5, 0, 2 * Math.PI)
    context.fill()
    letter(context, `${part.name}  ${part.detail}`, x + 16, middle, '600 14px system-ui, sans-serif', wide - 16)
  })
  const plain = '13px system-ui, sans-serif'
  letter(context, 'no heat', MARGIN, foot, plain)
  context.drawImage(scale, MARGIN + 60, foot - 5, 128, 10)
  letter(context, high, MARGIN + 196, foot, plain, width - 2 * MARGIN - 196)
  words.forEach((line, index) => letter(context, line, MARGIN, foot + (index + 1) * LINE_HEIGHT, plain, width - 2 * MARGIN))
  return canvas
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} font
 * @param {number} [most] Of its width.
 */
function letter(context, text, x, y, font, most) {
  context.font = font
  context.fillStyle = LETTERS
  context.fillText(text, x, y, most)
}

/**
 * Gives a picture to the browser to keep as a file.
 * @param {HTMLCanvasElement} canvas
 * @param {string} name
 */
export function saveSheet(canvas, name) {
  canvas.toBlob((blob) => {
    if (!blob) return
    const href = URL.createObjectURL(blob)
    make('a', { href, download: name }).click()
    setTimeout(() => URL.revokeObjectURL(href), 10_000)
  }, 'image/png')
}
