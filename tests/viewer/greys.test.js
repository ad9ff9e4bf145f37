// Greys and heat: tables and maps.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { greyAt, greyOf, halve, paint, rangeOf, windowTable } from '../../pages/components/viewer/greys.js'
import { alphaOf, bytesOf, colour, GRID, heatAt, smooth } from '../../pages/components/viewer/heat.js'
import { FIRST } from '../../pages/components/viewer/view.js'

const base64 = (bytes) => Buffer.from(bytes).toString('base64')
const shades = (table) => Array.from(table, (each) => each & 255)
const ramp = { values: Uint8Array.from({ length: 256 }, (_, i) => i), width: 16, height: 16, depth: 8 }

test('a grey that is not the radiograph’s own is said to be about that', () => {
  assert.equal(greyOf(98, { depth: 8, exact: true }), 'grey 98 of 255')
  assert.equal(greyOf(98, { depth: 12, exact: false }), 'grey about 98 of 4095')
})

test('the whole window shows every grey as it is, inverted the other way round', () => {
  assert.deepEqual(shades(windowTable(FIRST, 8)), [...ramp.values])
  assert.deepEqual(shades(windowTable({ ...FIRST, invert: true }, 8)), [...ramp.values].reverse())
  assert.ok(windowTable(FIRST, 12).every((each) => each >>> 24 === 255))
  assert.equal(windowTable(FIRST, 12).length, 4096)
})

test('a narrow window is black below, white above, and steep between', () => {
  const table = shades(windowTable({ width: 0.2, level: 0.5, invert: false }, 8))
  assert.equal(table[100], 0)
  assert.equal(table[155], 255)
  assert.ok(table[130] - table[125] > 20)
})

test('painting puts each grey through the table', () => {
  const pixels = new Uint32Array(256)
  paint(ramp, windowTable(FIRST, 8), pixels)
  assert.deepEqual(shades(pixels), [...ramp.values])
})

test('half the size is the mean of four, and an odd edge is left out', () => {
  const odd = { values: Uint8Array.of(0, 2, 9, 4, 6, 9, 9, 9, 9), width: 3, height: 3, depth: 8 }
  const half = halve(odd)
  assert.deepEqual([half.width, half.height, ...half.values], [1, 1, 3])
})

test('the range leaves out the tails, and a flat picture has one, too', () => {
  const [low, high] = rangeOf(ramp, 0.01)
  assert.ok(low > 0 && low < 0.02 && high < 1 && high > 0.98)
  assert.deepEqual(rangeOf({ ...ramp, values: new Uint8Array(256).fill(51) }), [0.2, 0.2])
})

test('the grey at a place, and none outside', () => {
  assert.equal(greyAt(ramp, 0, 0), 0)
  assert.equal(greyAt(ramp, 0.999, 0.999), 255)
  assert.equal(greyAt(ramp, 1, 0.5), null)
  assert.equal(greyAt(ramp, 0.5, -0.1), null)
})

test('an even map stays even, and a peak stays where it is', () => {
  const even = smooth({ rows: 5, columns: 7, values: base64(Array(35).fill(51)) })
  assert.ok(even.every((each) => Math.abs(each - 0.2) < 1e-6))
  const values = Array(49).fill(0)
  values[2 * 7 + 5] = 255 // the third row's sixth place
  const peak = smooth({ rows: 7, columns: 7, values: base64(values) })
  const at = peak.indexOf(Math.max(...peak))
  assert.equal(Math.floor(Math.floor(at / GRID) * 7 / GRID), 2)
  assert.equal(Math.floor(at % GRID * 7 / GRID), 5)
  assert.ok(peak.every((each) => each >= 0 && each <= 1))
})

test('heat fades out at its low end, and vanishes below the floor', () => {
  assert.equal(alphaOf(0, 0), 0)
  assert.ok(alphaOf(0.2, 0) > 0 && alphaOf(0.2, 0) < 255)
  assert.equal(alphaOf(1, 0), 255)
  assert.equal(alphaOf(0.2, 0.3), 0)
})

test('each heat takes its colour from the table', () => {
  const table = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)), rgba = new Uint8ClampedArray(8)
  colour(Float32Array.of(0, 1), table, 1, 0, rgba)
  assert.deepEqual([...rgba], [0, 0, 0, 0, 255, 255, 255, 255])
})

test('the heat at a place of the frame, and none outside', () => {
  const heat = new Float32Array(GRID * GRID)
  heat[GRID * GRID - 1] = 1
  assert.equal(heatAt(heat, [10, 10, 20, 20], [19.99, 19.99]), 1)
  assert.equal(heatAt(heat, [10, 10, 20, 20], [20, 15]), null)
  assert.deepEqual([...bytesOf(base64([1, 255]))], [1, 255])
})
