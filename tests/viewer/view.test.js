// How gestures change a view, as plain values.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { COMMANDS, commandOf } from '../../pages/components/viewer/commands.js'
import { gestureOf } from '../../pages/components/viewer/input.js'
import { expose, FIRST, forAnother, keepDrawn, MAX_DRAWN, MAX_ZOOM, measure, place, preset, PRESETS, reset }
  from '../../pages/components/viewer/view.js'
import { retreat, take } from '../../pages/components/viewer/view.js'

const MOUSE = { button: 0, shiftKey: false, pointerType: 'mouse' }
const FINGER = { ...MOUSE, pointerType: 'touch' }
const pane = (index) => ({ index, width: 200, height: 100 })

test('a picture that fits lies in the middle, and none is lost out of sight', () => {
  assert.deepEqual(place(FIRST, 0.5, [0.9, 0.9]).centre, [0.5, 0.5])
  assert.deepEqual(place(FIRST, 3, [2, -1]).centre, [1, 0])
  assert.equal(place(FIRST, 99, [0.5, 0.5]).zoom, MAX_ZOOM)
})

test('a window neither closes nor leaves the greys', () => {
  const closed = expose(FIRST, -1, 7)
  assert.ok(closed.width > 0)
  assert.equal(closed.level, 1)
})

test('presets set window and level; the last one takes the range of the picture', () => {
  for (const [index, { width, level }] of PRESETS.entries()) {
    const view = preset(FIRST, index, [0.2, 0.6])
    const wanted = width ? [width, level] : [0.4, 0.4]
    assert.ok(Math.abs(view.width - wanted[0]) + Math.abs(view.level - wanted[1]) < 1e-9)
  }
})

test('reset leaves heat and measurements; another picture keeps but the heat and the layout', () => {
  const mark = { kind: 'length', points: [[0, 0], [1, 1]] }
  const heat = { opacity: 0.2, map: 'Magma', large: true }, own = { seen: true, measured: [mark] }
  const used = { ...FIRST, ...heat, ...own, zoom: 4, turn: 3, invert: true }
  assert.deepEqual(reset(used), { ...FIRST, ...heat, ...own })
  assert.deepEqual(forAnother(used), { ...FIRST, ...heat })
})

test('what was drawn on a picture comes back with it, for the pictures that were drawn on last', () => {
  const drawn = new Map(), mark = { kind: 'point', points: [[3, 4]], width: 0, erases: false }
  const marked = (_, i) => ({ ...FIRST, marks: [{ ...mark, points: [[i, i]] }] })
  const views = Array.from({ length: MAX_DRAWN + 1 }, marked)
  views.slice(0, -1).forEach((view, i) => keepDrawn(drawn, String(i), view))
  keepDrawn(drawn, '0', views[0])
  keepDrawn(drawn, 'another', views.at(-1))
  assert.equal(drawn.size, MAX_DRAWN)
  assert.ok(!drawn.has('1')) // the one longest ago
  const ruled = { ...views[0], measured: [{ kind: 'length', points: [[0, 0], [1, 1]] }] }
  keepDrawn(drawn, '0', ruled)
  const back = forAnother({ ...FIRST, opacity: 0.2, marks: views[3].marks }, drawn.get('0'))
  assert.deepEqual(back, { ...FIRST, opacity: 0.2, marks: ruled.marks, measured: ruled.measured })
  keepDrawn(drawn, '0', FIRST)
  assert.ok(!drawn.has('0'))
})

test('a length takes two points, an angle three', () => {
  for (const [tool, count] of [['length', 2], ['angle', 3]]) {
    let view = take(FIRST, tool)
    for (let i = 0; i < count; i++) view = measure(view, [i, i])
    assert.equal(view.measured.length, 1)
    assert.equal(view.measured[0].points.length, count)
    assert.deepEqual(view.draft, [])
  }
  assert.equal(measure(take(FIRST, 'pan'), [0, 0]).measured.length, 0)
})

test('a step back ends what is begun, then the tool, then the measurements', () => {
  const mark = { kind: 'length', points: [[0, 0], [1, 1]] }
  let view = { ...measure(take(FIRST, 'length'), [1, 1]), measured: [mark] }
  view = retreat(view)
  assert.deepEqual([view.draft.length, view.tool, view.measured.length], [0, 'length', 1])
  view = retreat(view)
  assert.deepEqual([view.tool, view.measured.length], [null, 1])
  assert.equal(retreat(view).measured.length, 0)
})

test('no two commands share a key, and switches switch back', () => {
  assert.equal(new Set(COMMANDS.map(({ key }) => key)).size, COMMANDS.length)
  for (const { change, pressed } of COMMANDS) {
    if (!pressed) continue
    assert.equal(pressed(change(FIRST)), !pressed(FIRST))
    assert.equal(pressed(change(change(FIRST))), pressed(FIRST))
  }
  assert.equal(commandOf('H').icon, 'heat')
  assert.equal(commandOf('=').icon, 'in')
  assert.equal(commandOf('1'), undefined)
})

test('a mouse sets the window, a finger leaves the page its scrolling, and a tool takes both', () => {
  assert.equal(gestureOf(FIRST, pane(1), [100, 50], MOUSE), 'window')
  assert.equal(gestureOf(FIRST, pane(1), [100, 50], FINGER), 'none')
  for (const each of [MOUSE, FINGER]) {
    assert.equal(gestureOf(take(FIRST, 'window'), pane(1), [1, 1], each), 'window')
    assert.equal(gestureOf(take(FIRST, 'angle'), pane(1), [1, 1], each), 'measure')
    assert.equal(gestureOf(FIRST, pane(1), [1, 1], { ...each, shiftKey: true }), 'pan')
  }
  assert.equal(gestureOf(FIRST, pane(1), [1, 1], { ...MOUSE, button: 2 }), 'pan')
})

test('the dividing line is held where it is, and only where there is heat', () => {
  const divided = { ...FIRST, swipe: true, divide: 0.5 }
  assert.equal(gestureOf(divided, pane(1), [104, 50], MOUSE), 'divide')
  assert.equal(gestureOf(divided, pane(1), [130, 50], MOUSE), 'window')
  assert.equal(gestureOf(divided, pane(1), [120, 50], FINGER), 'divide')
  assert.equal(gestureOf(divided, pane(0), [104, 50], MOUSE), 'window')
})
