// Pictures as core/display/wavelet.py packs them: inflated by the browser, then put together again here.

import { addressOf } from './address.js'

/**
 * @typedef {import('./greys.js').Greys} Greys
 * @typedef {{
 *   url: string, width: number, height: number, depth: number, steps: number[][], exact: boolean,
 * }} Sheet
 */

/**
 * @param {Sheet} sheet
 * @returns {Promise<Greys>}
 */
export async function fetchGreys(sheet) {
  const answer = await fetch(addressOf(sheet.url))
  if (!answer.ok || !answer.body) throw new Error(`The picture did not come (${answer.status}).`)
  const inflated = answer.body.pipeThrough(new DecompressionStream('gzip'))
  return unpack(new Uint8Array(await new Response(inflated).arrayBuffer()), sheet)
}

/**
 * @param {Uint8Array} planes All low bytes, then all high ones.
 * @param {Omit<Sheet, 'url'>} sheet
 * @returns {Greys}
 */
export function unpack(planes, { width, height, depth, steps, exact }) {
  const count = width * height, sizes = [[width, height]]
  for (let i = 0; i < steps.length; i++) sizes.push(sizes[i].map((each) => each + 1 >> 1))
  let at = 0
  /**
   * @param {number} across
   * @param {number} down
   * @param {number} step
   */
  const take = (across, down, step) => {
    const band = new Int32Array(across * down)
    for (let i = 0; i < band.length; i++, at++) {
      const number = planes[at] | planes[count + at] << 8
      band[i] = step * (number & 1 ? -(number + 1 >> 1) : number >> 1)
    }
    return band
  }
  const [least, small] = sizes[steps.length]
  let picture = take(least, small, 1)
  for (let level = steps.length - 1; level >= 0; level--) {
    const [wide, high] = sizes[level], [across, down] = sizes[level + 1]
    const bands = [[wide - across, down], [across, high - down], [wide - across, high - down]]
    const [detailDown, smoothAcross, neither] = bands.map(([x, y], i) => take(x, y, steps[level][i]))
    const upper = joinAcross(picture, detailDown, wide, down)
    picture = joinDown(upper, joinAcross(smoothAcross, neither, wide, high - down), wide, high)
  }
  const values = depth > 8 ? new Uint16Array(count) : new Uint8Array(count), white = 2 ** depth - 1
  for (let i = 0; i < count; i++) values[i] = picture[i] < 0 ? 0 : picture[i] > white ? white : picture[i]
  return { values, width, height, depth, exact }
}

/**
 * Every row out of its smooth half and its detail.
 * @param {Int32Array} low
 * @param {Int32Array} high
 * @param {number} wide
 * @param {number} rows
 */
function joinAcross(low, high, wide, rows) {
  const whole = new Int32Array(wide * rows), smooth = wide + 1 >> 1, detail = wide >> 1
  for (let y = 0; y < rows; y++) {
    const at = y * wide, h = y * detail
    for (let x = 0; x < smooth; x++) {
      const around = high[h + Math.max(x - 1, 0)] + high[h + Math.min(x, detail - 1)]
      whole[at + 2 * x] = low[y * smooth + x] - (around + 2 >> 2)
    }
    for (let x = 0; x < detail; x++) {
      const i = at + 2 * x
      whole[i + 1] = high[h + x] + (whole[i] + whole[x + 1 < smooth ? i + 2 : i] >> 1)
    }
  }
  return whole
}

/**
 * All rows out of the smooth ones and the detail between them.
 * @param {Int32Array} low
 * @param {Int32Array} high
 * @param {number} wide
 * @param {number} rows
 */
function joinDown(low, high, wide, rows) {
  const whole = new Int32Array(wide * rows), smooth = rows + 1 >> 1, detail = rows >> 1
  for (let y = 0; y < smooth; y++) {
    const before = Math.max(y - 1, 0) * wide, after = Math.min(y, detail - 1) * wide, at = 2 * y * wide
    for (let x = 0; x < wide; x++) {
      whole[at + x] = low[y * wide + x] - (high[before + x] + high[after + x] + 2 >> 2)
    }
  }
  for (let y = 0; y < detail; y++) {
    const at = 2 * y * wide, next = y + 1 < smooth ? at + 2 * wide : at
    for (let x = 0; x < wide; x++) {
      whole[at + wide + x] = high[y * wide + x] + (whole[at + x] + whole[next + x] >> 1)
    }
  }
  return whole
}
