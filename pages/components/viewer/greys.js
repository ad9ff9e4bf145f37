// The radiograph's greys: decoded once, windowed by one pass through a table.

/**
 * @typedef {{
 *   values: Uint8Array | Uint16Array, width: number, height: number, depth: number, exact: boolean,
 * }} Greys Exact where each is the radiograph's own.
 * @typedef {import('./view.js').View} View
 */

const OPAQUE = 0xff000000

/**
 * A grey in words.
 * @param {number} grey A whole number.
 * @param {Pick<Greys, 'depth' | 'exact'>} greys Where it is from.
 */
export const greyOf = (grey, { depth, exact }) => `grey ${exact ? '' : 'about '}${grey} of ${2 ** depth - 1}`

/**
 * The same picture at half the size, each grey the mean of four: enough, and faster, where panes are small.
 * @param {Greys} greys
 * @returns {Greys}
 */
export function halve(greys) {
  const { values, width, depth } = greys
  const across = greys.width >> 1, down = greys.height >> 1
  const half = depth > 8 ? new Uint16Array(across * down) : new Uint8Array(across * down)
  for (let y = 0, i = 0; y < down; y++) {
    for (let x = 0, j = 2 * y * width; x < across; x++, i++, j += 2) {
      half[i] = values[j] + values[j + 1] + values[j + width] + values[j + width + 1] + 2 >> 2
    }
  }
  return { values: half, width: across, height: down, depth, exact: false }
}

/**
 * What each grey looks like: a linear window, as DICOM means it, clipped at both ends.
 * @param {Pick<View, 'width' | 'level' | 'invert'>} view
 * @param {number} depth
 * @returns {Uint32Array} One opaque grey pixel a value, its lowest byte first, as today's browsers have it.
 */
export function windowTable({ width, level, invert }, depth) {
  const count = 1 << depth, table = new Uint32Array(count)
  for (let grey = 0; grey < count; grey++) {
    const share = Math.min(1, Math.max(0, (grey / (count - 1) - level) / width + 0.5))
    const shown = Math.round(255 * (invert ? 1 - share : share))
    table[grey] = OPAQUE | shown << 16 | shown << 8 | shown
  }
  return table
}

/**
 * @param {Greys} greys
 * @param {Uint32Array} table
 * @param {Uint32Array} pixels Where to, as many as there are greys.
 */
export function paint({ values }, table, pixels) {
  for (let i = 0; i < values.length; i++) pixels[i] = table[values[i]]
}

/**
 * The greys between which nearly all of a picture lies, as shares of what its depth allows.
 * @param {Greys} greys
 * @param {number} tail Share left out at either end.
 * @returns {[number, number]}
 */
export function rangeOf({ values, depth }, tail = 0.01) {
  const counts = new Uint32Array(1 << depth)
  for (const grey of values) counts[grey]++
  let low = 0, high = counts.length - 1
  for (let seen = counts[low]; seen <= tail * values.length; seen += counts[low]) low++
  for (let seen = counts[high]; seen <= tail * values.length; seen += counts[high]) high--
  return [low / (counts.length - 1), high / (counts.length - 1)]
}

/**
 * The grey at a place; null outside of the picture.
 * @param {Greys} greys
 * @param {number} across Share of the width.
 * @param {number} down Share of the height.
 */
export function greyAt({ values, width, height }, across, down) {
  if (across < 0 || across >= 1 || down < 0 || down >= 1) return null
  return values[Math.floor(down * height) * width + Math.floor(across * width)]
}
