// How hot maps are drawn.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { alphaOf, colour, peakOf, scaleIn } from '../../pages/components/viewer/heat.js'
import { FIRST } from '../../pages/components/viewer/view.js'

const GREYS = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3)) // a colour says its place

function drawn(peak, floor = 0, heat = [0, 0.5, 1]) {
  const rgba = new Uint8ClampedArray(4 * heat.length)
  colour(Float32Array.from(heat), GREYS, peak, floor, rgba)
  return [...rgba]
}

test('on one scale a network that reads normal hardly glows, on its own it glows as any other', () => {
  const normal = { sure: 0.02 }, sure = { sure: 1 }, own = { ...FIRST, own: true }
  const [low, high] = [normal, sure].map((pane) => drawn(peakOf(FIRST, pane)))
  assert.ok(low[11] < 0.06 * high[11] && low[8] < 0.03 * high[8])
  assert.deepEqual(drawn(peakOf(own, normal)), drawn(peakOf(own, sure)))
  assert.deepEqual(high, drawn(1))
})

test('the pattern stays, and what is hidden is hidden by what is drawn', () => {
  const half = drawn(0.5)
  assert.deepEqual([half[0], half[4], half[8]], [0, 64, 128])
  assert.equal(drawn(0.5, 0.3)[7], 0)
  assert.equal(drawn(0.5, 0.3)[11], alphaOf(0.5, 0.3))
})

test('the scale says which of the two it is', () => {
  assert.match(scaleIn(FIRST).name, /one scale.*probability/)
  assert.match(scaleIn({ own: true }).name, /its own peak/)
})
