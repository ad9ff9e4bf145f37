// Marks: how they come about by hand and by keys, and what lies in them.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { COMMANDS, isOffered } from '../../pages/components/viewer/commands.js'
import { GRID } from '../../pages/components/viewer/heat.js'
import { gestureOf } from '../../pages/components/viewer/input.js'
import { asShares, clearMarks, cover, finish, isFull, MAX_MARKS, MAX_POINTS, set, simplify, trace }
  from '../../pages/components/viewer/marks.js'
import { undo, within } from '../../pages/components/viewer/marks.js'
import { FIRST, forAnother, reset, retreat, take } from '../../pages/components/viewer/view.js'

const PICTURE = { width: 200, height: 100 }
const box = (...points) => ({ kind: 'box', points, width: 0, erases: false })
const region = (...points) => ({ ...box(...points), kind: 'region' })
const withPoints = (tool, ...points) => points.reduce(set, take(FIRST, tool))
const sum = (values) => values.reduce((a, b) => a + b, 0)

test('points that are set one by one become a point, a box, and what is ended by setting the last one again', () => {
  assert.deepEqual(withPoints('point', [3, 4]).marks, [{ ...box([3, 4]), kind: 'point' }])
  assert.deepEqual(withPoints('box', [1, 2], [30, 40]).marks, [box([1, 2], [30, 40])])
  const corners = [[0, 0], [9, 0], [9, 9]]
  assert.equal(withPoints('region', ...corners).marks.length, 0)
  assert.deepEqual(withPoints('region', ...corners, [9, 9]).marks, [region(...corners)])
  const painted = [[0, 0], [9, 9], [9, 9]].reduce(set, { ...take(FIRST, 'stroke'), brush: 0.1, erase: true })
  assert.deepEqual(painted.marks, [{ kind: 'stroke', points: [[0, 0], [9, 9]], width: 0.1, erases: true }])
})

test('what has too few points is no mark', () => {
  assert.equal(withPoints('box', [1, 1], [1, 1]).marks.length, 0)
  assert.equal(withPoints('region', [1, 1], [5, 5], [5, 5]).marks.length, 0)
  assert.equal(finish(trace(take(FIRST, 'box'), [4, 4]), 1).marks.length, 0)
  assert.equal(finish([[1, 1], [9, 1]].reduce(trace, take(FIRST, 'box')), 1).marks.length, 0) // flat
})

test('a hand that moves draws a box by its ends, and a line that keeps only the points that it needs', () => {
  const boxed = [[1, 1], [5, 2], [30, 40]].reduce(trace, take(FIRST, 'box'))
  assert.deepEqual(finish(boxed, 1).marks, [box([1, 1], [30, 40])])
  const round = Array.from({ length: 4000 }, (_, i) => [50 + 40 * Math.cos(i / 600), 50 + 40 * Math.sin(i / 600)])
  const [found] = finish(round.reduce(trace, take(FIRST, 'region')), 0.25).marks
  assert.ok(found.points.length > 10 && found.points.length < 60)
  assert.ok(found.points.every(([x, y]) => Math.abs(Math.hypot(x - 50, y - 50) - 40) < 1e-9))
  const wild = Array.from({ length: 3000 }, (_, i) => [i, i % 2 * 100])
  assert.ok(finish({ ...take(FIRST, 'stroke'), draft: wild }, 0.1).marks[0].points.length <= MAX_POINTS)
})

test('what a line can do without lies within the tolerance, and its ends stay', () => {
  assert.deepEqual(simplify([[0, 0], [5, 0.4], [10, 0]], 0.5), [[0, 0], [10, 0]])
  assert.deepEqual(simplify([[0, 0], [5, 0.6], [10, 0]], 0.5), [[0, 0], [5, 0.6], [10, 0]])
  assert.deepEqual(simplify([[7, 7]], 1), [[7, 7]])
  assert.deepEqual(simplify([[0, 0], [5, 5], [0, 0]], 1), [[0, 0], [5, 5], [0, 0]])
})

test('marks are taken back one by one or all at once, and there is an end to them', () => {
  const two = [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]].reduce(set, take(FIRST, 'box'))
  assert.equal(two.draft.length, 1)
  assert.deepEqual([undo(two).draft.length, undo(two).marks.length], [0, 2])
  assert.equal(undo(undo(two)).marks.length, 1)
  assert.deepEqual(clearMarks(two).marks, [])
  const many = Array.from({ length: MAX_MARKS + 5 }, (_, i) => [i, i]).reduce(set, take(FIRST, 'point'))
  assert.equal(many.marks.length, MAX_MARKS)
  assert.deepEqual([many, undo(many), { ...many, tool: 'pan' }].map(isFull), [true, false, false])
})

test('marks outlive a reset and a step back, and go with their picture', () => {
  const marked = withPoints('point', [3, 4])
  assert.equal(reset(marked).marks.length, 1)
  assert.equal(retreat(retreat(marked)).marks.length, 1)
  assert.equal(forAnother(marked).marks.length, 0)
})

test('a box covers the places whose middle it holds, whichever corner came first', () => {
  for (const corners of [[[10, 20], [30, 60]], [[30, 60], [10, 20]], [[10, 60], [30, 20]]]) {
    const covered = cover([box(...corners)], [0, 0, 200, 100], 200, 100)
    assert.equal(sum(covered), 20 * 40)
    assert.equal(covered[20 * 200 + 10] + covered[59 * 200 + 29], 2)
  }
  assert.equal(sum(cover([box([-50, -50], [10, 10])], [0, 0, 200, 100], 200, 100)), 100)
  assert.equal(sum(cover([box([0, 0], [20, 20]), box([10, 0], [30, 20])], [0, 0, 200, 100], 200, 100)), 600)
})

test('a region covers its inside alone, and a point or a stroke nothing', () => {
  const triangle = cover([region([0, 0], [100, 0], [0, 100])], [0, 0, 100, 100], 100, 100)
  assert.ok(Math.abs(sum(triangle) - 5000) <= 50)
  const bow = cover([region([0, 0], [100, 100], [100, 0], [0, 100])], [0, 0, 100, 100], 100, 100)
  assert.ok(bow[50 * 100 + 10] && bow[50 * 100 + 90] && !bow[10 * 100 + 50])
  for (const kind of ['point', 'stroke']) {
    const covered = cover([{ ...box([5, 5]), kind }], [0, 0, 100, 100], 100, 100)
    assert.equal(sum(covered), 0)
  }
})

test('shares of heat and of area, and the mean grey, are those of what is marked', () => {
  const frame = [0, 0, 200, 100], even = new Float32Array(GRID * GRID).fill(0.5)
  const left = Float32Array.from({ length: GRID * GRID }, (_, i) => i % GRID < GRID / 2 ? 1 : 0)
  const values = Uint8Array.from({ length: 20000 }, (_, i) => i % 200 < 100 ? 255 : 0)
  const greys = { values, width: 200, height: 100, depth: 8, exact: true }
  const maps = [null, even, left, new Float32Array(GRID * GRID)]
  const found = within([box([0, 0], [50, 100])], PICTURE, frame, maps, greys)
  const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-3, `${one} is not ${other}`)
  near(found.share, 0.25)
  near(found.heats[1], 0.25)
  near(found.heats[2], 0.5)
  near(found.grey, 1)
  assert.deepEqual([found.heats[0], found.heats[3]], [null, null])
  near(within([box([50, 0], [150, 100])], PICTURE, frame, maps, greys).grey, 0.5)
  assert.equal(within([box([0, 0], [9, 9])], PICTURE, [100, 0, 200, 100], maps, greys).share, 0)
  assert.equal(within([], PICTURE, frame, maps, greys), null)
})

test('what is given back are shares of the picture', () => {
  assert.deepEqual(asShares([box([50, 25], [200, 100])], PICTURE)[0].points, [[0.25, 0.25], [1, 1]])
})

test('tools are offered where a page asks for them, and a tool in hand takes mouse and finger', () => {
  const offered = (page) => COMMANDS.filter((each) => each.needs && isOffered(each, page)).map(({ icon }) => icon)
  assert.deepEqual(offered({ asks: [], gives: false, panes: [] }), [])
  assert.deepEqual(offered({ asks: ['box'], gives: false, panes: [] }), ['box', 'undo', 'none'])
  assert.deepEqual(offered({ asks: ['stroke'], gives: true, panes: [] }), ['stroke', 'erase', 'undo', 'none', 'done'])
  const panes = [{ heat: null }, { heat: { rows: 1, columns: 1, values: '' } }]
  assert.deepEqual(offered({ asks: [], gives: false, panes }), ['heat', 'swipe', 'scale', 'large'])
  assert.deepEqual(offered({ asks: [], gives: false, panes, own_scale: true }), ['heat', 'swipe', 'large'])
  const pane = { index: 1, width: 200, height: 100 }
  for (const pointerType of ['mouse', 'touch']) {
    const event = { button: 0, shiftKey: false, pointerType }
    assert.equal(gestureOf(take(FIRST, 'region'), pane, [1, 1], event), 'mark')
  }
})
