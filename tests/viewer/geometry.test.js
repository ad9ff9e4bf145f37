// From the radiograph's pixels to a pane's, and what rulers say.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { angleOf, apply, drag, lengthOf, matrixOf, scaleOf, sidesOf, unapply, zoomAt }
  from '../../pages/components/viewer/geometry.js'
import { FIRST } from '../../pages/components/viewer/view.js'

const PICTURE = { width: 1000, height: 500 }
const PANE = { width: 300, height: 300 }

const near = (found, wanted) => found.forEach((each, i) =>
  assert.ok(Math.abs(each - wanted[i]) < 1e-6, `${found} is not ${wanted}`))

test('a picture fits its pane, upright and turned, and is never stretched', () => {
  near(apply(matrixOf(FIRST, PICTURE, PANE), [0, 0]), [0, 75])
  near(apply(matrixOf(FIRST, PICTURE, PANE), [1000, 500]), [300, 225])
  for (const turn of [0, 1, 2, 3]) {
    const matrix = matrixOf({ ...FIRST, turn }, PICTURE, PANE)
    near([scaleOf(matrix)], [0.3])
    near([Math.hypot(matrix[2], matrix[3])], [0.3])
  }
})

test("the patient's sides follow each turn and mirror", () => {
  const middle = { left: [0, 250], right: [1000, 250] }
  const edge = ([x, y]) => Math.abs(x - 150) > Math.abs(y - 150) ? (x < 150 ? 'left' : 'right') : (y < 150 ? 'top' : 'bottom')
  for (const mirror of [false, true]) {
    for (const turn of [0, 1, 2, 3]) {
      const view = { ...FIRST, turn, mirror }, matrix = matrixOf(view, PICTURE, PANE)
      assert.deepEqual(sidesOf(view), [edge(apply(matrix, middle.left)), edge(apply(matrix, middle.right))])
    }
  }
})

test('a quarter turns clockwise, and a mirror swaps left and right as one sees them', () => {
  near(apply(matrixOf({ ...FIRST, turn: 1 }, PICTURE, PANE), [0, 0]), [225, 0])
  near(apply(matrixOf({ ...FIRST, mirror: true }, PICTURE, PANE), [0, 0]), [300, 75])
  near(apply(matrixOf({ ...FIRST, turn: 1, mirror: true }, PICTURE, PANE), [0, 0]), [75, 0])
})

test('there and back again', () => {
  for (const turn of [0, 1, 2, 3]) {
    for (const mirror of [false, true]) {
      const matrix = matrixOf({ ...FIRST, turn, mirror, zoom: 3, centre: [0.3, 0.6] }, PICTURE, PANE)
      near(unapply(matrix, apply(matrix, [123, 45])), [123, 45])
    }
  }
})

test('zooming keeps what lies under the pointer, and dragging takes it along', () => {
  for (const turn of [0, 1, 2, 3]) {
    for (const mirror of [false, true]) {
      const view = { ...FIRST, turn, mirror, zoom: 4 }
      const held = unapply(matrixOf(view, PICTURE, PANE), [200, 160])
      const zoomed = zoomAt(view, PICTURE, PANE, [200, 160], 1.5)
      near([zoomed.zoom], [6])
      near(apply(matrixOf(zoomed, PICTURE, PANE), held), [200, 160])
      near(apply(matrixOf(drag(view, PICTURE, PANE, [5, -7]), PICTURE, PANE), held), [205, 153])
    }
  }
})

test('lengths are millimetres only where the file vouches for them', () => {
  assert.equal(lengthOf([[0, 0], [30, 40]], null), '50 px')
  assert.equal(lengthOf([[0, 0], [30, 40]], 0.15), '7.5 mm')
})

test('angles lie between 0 and 180 degrees, whichever way round', () => {
  assert.equal(angleOf([[1, 0], [0, 0], [0, 1]]), '90.0°')
  assert.equal(angleOf([[-1, -0.01], [0, 0], [-1, 0.01]]), '1.1°')
  assert.equal(angleOf([[1, 0], [0, 0], [-1, 0]]), '180.0°')
})
