// What a network was shown, divided into the places of its last map; one is chosen by a click or by arrow keys.

import { addressOf } from '../viewer/address.js'

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }
const MAX_ALPHA = 0.65

const bytes = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0))

export default function ({ parentElement, data, setStateValue }) {
  const grid = parentElement.querySelector('.cells')
  const status = parentElement.querySelector('[role=status]')
  const { rows, columns, chosen } = data
  const told = JSON.stringify({ ...data, chosen: null })

  const wordsOf = (row, column) =>
    `Row ${row + 1}, column ${column + 1}: ${data.heat[row * columns + column].toFixed(2)} of the peak`

  const buttonAt = (row, column) => grid.children[row].children[column]

  const mark = ([row, column]) => {
    for (const button of grid.querySelectorAll('button')) {
      button.setAttribute('aria-selected', 'false')
      button.tabIndex = -1
    }
    const button = buttonAt(row, column)
    button.setAttribute('aria-selected', 'true')
    button.tabIndex = 0
    status.textContent = `${wordsOf(row, column)}.`
  }

  const choose = (row, column) => {
    mark([row, column])
    setStateValue('cell', [row, column])
  }

  const cell = (row, column, colours) => {
    const button = document.createElement('button')
    const hot = data.heat[row * columns + column], at = 3 * Math.round(255 * hot)
    const [red, green, blue] = colours.subarray(at, at + 3)
    button.type = 'button'
    button.setAttribute('role', 'gridcell')
    button.setAttribute('aria-label', wordsOf(row, column))
    button.style.background = `rgb(${red} ${green} ${blue} / ${MAX_ALPHA * Math.min(1, hot / 0.45)})`
    button.onclick = () => choose(row, column)
    button.onkeydown = (event) => {
      const step = STEPS[event.key]
      if (!step) return
      event.preventDefault()
      event.stopPropagation()
      const to = [row + step[0], column + step[1]]
      if (to[0] < 0 || to[1] < 0 || to[0] >= rows || to[1] >= columns) return
      choose(to[0], to[1])
      buttonAt(to[0], to[1]).focus()
    }
    return button
  }

  if (grid.dataset.told !== told) {
    grid.dataset.told = told
    grid.setAttribute('aria-label', data.label)
    grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`
    grid.style.gridTemplateRows = `repeat(${rows}, minmax(0, 1fr))`
    grid.style.backgroundImage = data.seen ? `url("${addressOf(data.seen)}")` : 'none'
    const colours = bytes(data.colours)
    grid.replaceChildren(...Array.from({ length: rows }, (_, row) => {
      const line = document.createElement('div')
      line.setAttribute('role', 'row')
      line.append(...Array.from({ length: columns }, (_, column) => cell(row, column, colours)))
      return line
    }))
  }
  mark(chosen)
}
