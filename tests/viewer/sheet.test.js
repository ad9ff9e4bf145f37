// Where panes stand in a picture that is saved.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NARROWEST, planSheet } from '../../pages/components/viewer/sheet.js'

const alike = (count, width, height) => Array.from({ length: count }, () => ({ width, height }))

/** Whether two places share a pixel. */
const overlap = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

function checkWhole({ places, width, height, foot }) {
  for (const [i, each] of places.entries()) {
    assert.ok(each.x > 0 && each.y > 0 && each.x + each.width < width && each.y + each.height < foot)
    for (const other of places.slice(i + 1)) assert.ok(!overlap(each, other))
  }
  assert.ok(foot < height)
}

test('panes that are alike stand in rows of three, and none is cut or covered', () => {
  const plan = planSheet(alike(7, 300, 200), -1, 2)
  checkWhole(plan)
  assert.equal(new Set(plan.places.map(({ y }) => y)).size, 3)
  assert.equal(plan.places[0].y, plan.places[2].y)
})

test('a large one stands on top of the others, whichever it is', () => {
  const sizes = alike(6, 150, 100)
  sizes[3] = { width: 900, height: 600 }
  const plan = planSheet(sizes, 3, 2)
  checkWhole(plan)
  const others = plan.places.filter((_, index) => index !== 3)
  assert.ok(others.every(({ y }) => y > plan.places[3].y + 600))
  assert.equal(new Set(others.map(({ y }) => y)).size, 1)
})

test('small panes leave room for the last line, and more lines take more room', () => {
  const [few, many] = [1, 4].map((lines) => planSheet(alike(2, 100, 100), -1, lines))
  assert.equal(few.width, NARROWEST)
  assert.ok(many.height > few.height && many.foot === few.foot)
  checkWhole(planSheet(alike(1, 50, 80), 0, 1))
})
