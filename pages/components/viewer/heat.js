// Heat: a small map, drawn smoothly, in colours whose low end is transparent.

/** @typedef {{rows: number, columns: number, values: string}} Map8 Heat from 0 to 255, in base64. */

export const GRID = 96 // places a side on which heat is drawn; the map itself has 5 to 14
const OPAQUE_FROM = 0.45 // heat below fades out, so that the radiograph stays readable

/**
 * @param {string} base64
 * @returns {Uint8Array}
 */
export const bytesOf = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0))

/**
 * Catmull and Rom's spline through four neighbours.
 * @param {number} a
 * @param {number} b
 * @param {number} c
 * @param {number} d
 * @param {number} t How far from b to c.
 */
const spline = (a, b, c, d, t) =>
  b + t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))) / 2

/**
 * @param {ArrayLike<number>} line
 * @param {number} start
 * @param {number} step
 * @param {number} count
 * @param {number} at
 */
function along(line, start, step, count, at) {
  const left = Math.floor(at)
  /** @param {number} i */
  const value = (i) => line[start + step * Math.min(count - 1, Math.max(0, i))]
  return spline(value(left - 1), value(left), value(left + 1), value(left + 2), at - left)
}

/**
 * A map, smooth: for display only.
 * @param {Map8} map
 * @param {number} size Places a side.
 * @returns {Float32Array} In [0, 1], row by row.
 */
export function smooth({ rows, columns, values }, size = GRID) {
  const small = bytesOf(values), wide = new Float32Array(rows * size), large = new Float32Array(size * size)
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < size; x++) {
      wide[y * size + x] = along(small, y * columns, 1, columns, (x + 0.5) * columns / size - 0.5)
    }
  }
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const heat = along(wide, x, size, rows, (y + 0.5) * rows / size - 0.5) / 255
      large[y * size + x] = Math.min(1, Math.max(0, heat))
    }
  }
  return large
}

/**
 * @param {number} heat In [0, 1].
 * @param {number} floor Heat below it vanishes.
 * @returns {number} How opaque it is, from 0 to 255.
 */
export const alphaOf = (heat, floor) => heat < floor ? 0 : Math.round(255 * Math.min(1, heat / OPAQUE_FROM))

/**
 * How hot a map's own peak is drawn. Grad-CAM's units differ from network to network, so maps share a scale only
 * by what their networks answer: each is as hot as its network takes the radiograph for COVID-19.
 * @param {{own: boolean}} view
 * @param {{sure: number}} pane The network's probability of COVID-19.
 * @returns {number} In [0, 1].
 */
export const peakOf = ({ own }, { sure }) => own ? 1 : sure

/** The scales to choose from, and what the upper end of the colours means on each. */
export const SCALES = [
  {
    own: false, high: 'peak of a network that answers 1',
    name: "All to one scale: each map times its network's probability",
  },
  { own: true, high: "each map's own peak", name: 'Each map scaled to its own peak, however sure its network' },
]

/** @param {{own: boolean}} view */
export const scaleIn = ({ own }) => SCALES[Number(own)]

/**
 * @param {Float32Array} heat In [0, 1].
 * @param {Uint8Array} colours 256 times red, green and blue.
 * @param {number} peak How hot 1 is drawn, in [0, 1].
 * @param {number} floor Heat that is drawn as less vanishes.
 * @param {Uint8ClampedArray} rgba Where to.
 */
export function colour(heat, colours, peak, floor, rgba) {
  for (let i = 0, j = 0; i < heat.length; i++, j += 4) {
    const hot = heat[i] * peak, k = 3 * Math.round(255 * hot)
    rgba[j] = colours[k]
    rgba[j + 1] = colours[k + 1]
    rgba[j + 2] = colours[k + 2]
    rgba[j + 3] = alphaOf(hot, floor)
  }
}

/**
 * The heat at a place; null outside of the frame that the networks saw.
 * @param {Float32Array} heat Of `GRID` by `GRID` places.
 * @param {number[]} frame Left, top, right and bottom.
 * @param {[number, number]} point In the same pixels.
 */
export function heatAt(heat, [left, top, right, bottom], [x, y]) {
  const across = (x - left) / (right - left), down = (y - top) / (bottom - top)
  if (across < 0 || across >= 1 || down < 0 || down >= 1) return null
  return heat[Math.floor(down * GRID) * GRID + Math.floor(across * GRID)]
}
