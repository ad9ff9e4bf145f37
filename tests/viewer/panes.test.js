// How panes share the room that there is.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { columnsFor, isNarrow } from '../../pages/components/viewer/panes.js'

test('six panes stand in rows that are alike, on a projector in one, on a small screen in two', () => {
  const columns = [2512, 1872, 1392, 976, 654, 560].map((width) => columnsFor(width, 6))
  assert.deepEqual(columns, [6, 6, 3, 3, 3, 2])
})

test('whatever their number, panes have room, and rows differ by one pane at most', () => {
  for (let count = 1; count <= 9; count++) {
    for (let width = 560; width < 2600; width += 20) {
      const columns = columnsFor(width, count), rows = Math.ceil(count / columns)
      assert.ok(columns >= 1 && columns <= count)
      assert.ok(width / columns >= 270 || columns <= 3 && width / columns >= 190 || columns === 1)
      assert.ok(rows * columns - count < rows)
    }
  }
})

test('a phone has room for one pane, a tablet for more', () => {
  assert.ok(isNarrow(342) && !isNarrow(720))
})
