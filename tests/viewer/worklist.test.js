// The table of all files in hand: which rows, in which order, and what comes beside another.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { arranged, beside, columnsOf, EVERYTHING, sortedBy } from '../../pages/components/worklist/order.js'

const BACKBONES = [{ name: 'VGG16', colour: '#000' }, { name: 'Xception', colour: '#fff' }]
const COLUMNS = columnsOf(BACKBONES)

const answered = (key, name, ensemble, others, status = 'answered') => ({
  key, name, picture: null, status, gate: 'a chest', said: null,
  ensemble: { probability: ensemble, positive: ensemble >= 0.5 },
  backbones: others.map((probability) => ({ probability, positive: false })),
  strongest: null, scores: [{ value: 10 * ensemble, error: 1 }, null], notes: [],
})
const bare = (key, name, status) => ({ key, name, picture: null, status, gate: null, said: 'Damaged.' })
const ROWS = [
  answered('0', 'b10.png', 0.9, [0.1, 0.8]),
  bare('1', 'bad.png', 'unreadable'),
  answered('2', 'b9.png', 0.2, [0.6, 0.3]),
  answered('3', 'Knee.png', 0.7, [0.5, 0.5], 'refused'),
  bare('4', 'wait.png', 'waiting'),
]
const keys = (choice) => arranged(ROWS, COLUMNS, { ...EVERYTHING, ...choice }).map(({ key }) => key).join('')

test('rows stand as they came, until a column is chosen', () => {
  assert.equal(keys({}), '01234')
  assert.equal(keys({ sort: 'name' }), '20134')
  assert.equal(keys({ sort: 'name', down: true }), '43102')
})

test('what a column does not know comes last, whichever way it is sorted', () => {
  assert.equal(keys({ sort: 'ensemble', down: true }), '03214')
  assert.equal(keys({ sort: 'ensemble' }), '23014')
  assert.equal(keys({ sort: 'backbone 1', down: true }), '03214')
  assert.equal(keys({ sort: 'extent' }), '23014')
  assert.equal(keys({ sort: 'opacity' }), '01234')
})

test('what is wrong comes first by the gate', () => {
  assert.equal(keys({ sort: 'gate' }), '13024')
})

test('filters by name, decision and gate add up', () => {
  assert.equal(keys({ name: ' KNEE ' }), '3')
  assert.equal(keys({ decision: 'covid' }), '03')
  assert.equal(keys({ decision: 'covid', gate: 'passed' }), '0')
  assert.equal(keys({ decision: 'none' }), '14')
  assert.equal(keys({ gate: 'unread' }), '14')
  assert.equal(keys({ gate: 'refused', decision: 'normal' }), '')
})

test('a press sorts, another turns it round, a third leaves it', () => {
  const once = sortedBy(EVERYTHING, 'ensemble'), twice = sortedBy(once, 'ensemble')
  assert.deepEqual([once.sort, once.down, twice.sort, twice.down], ['ensemble', true, 'ensemble', false])
  assert.deepEqual(sortedBy(twice, 'ensemble'), EVERYTHING)
  assert.equal(sortedBy(EVERYTHING, 'name').down, false)
  assert.deepEqual(sortedBy(once, 'name').sort, 'name')
})

test('the next case is the next row, and there is an end', () => {
  assert.equal(beside(['a', 'b', 'c'], 'b', 1), 'c')
  assert.equal(beside(['a', 'b', 'c'], 'c', 1), null)
  assert.equal(beside(['a', 'b', 'c'], 'a', -1), null)
  assert.equal(beside(['a', 'b', 'c'], 'filtered', 1), 'a')
  assert.equal(beside([], null, 1), null)
})
