// Many small maps of one picture: the one that is pointed at is shown large, and one is chosen by a click or a key.

import { addressOf } from '../viewer/address.js'
import { bytesOf, colour, GRID, smooth } from '../viewer/heat.js'

export default function ({ parentElement, data, setStateValue }) {
  const gallery = parentElement.querySelector('.gallery')
  const tiles = parentElement.querySelector('.tiles')
  const large = parentElement.querySelector('.large canvas')
  const said = parentElement.querySelector('[role=status]')
  const told = JSON.stringify({ ...data, chosen: null })

  const draw = (canvas, heat, colours) => {
    canvas.width = canvas.height = GRID
    const context = canvas.getContext('2d'), image = context.createImageData(GRID, GRID)
    colour(smooth(heat), colours, 1, 0, image.data)
    context.putImageData(image, 0, 0)
  }

  const buttonOf = (key) => tiles.querySelector(`[data-key="${CSS.escape(key)}"]`)

  const show = (button) => {
    large.width = large.height = GRID
    large.getContext('2d').drawImage(button.querySelector('canvas'), 0, 0)
    const tile = data.tiles.find((each) => each.key === button.dataset.key)
    said.textContent = `${tile.alt} Score ${tile.detail}.`
  }

  const mark = (key) => {
    for (const button of tiles.children) {
      button.setAttribute('aria-pressed', String(button.dataset.key === key))
      button.tabIndex = button.dataset.key === key ? 0 : -1
    }
    gallery.dataset.chosen = key
  }

  const back = () => show(buttonOf(gallery.dataset.chosen))

  const choose = (button) => {
    mark(button.dataset.key)
    show(button)
    setStateValue('chosen', button.dataset.key)
  }

  // How many tiles stand in the row that one stands in.
  const perRow = () => {
    const first = tiles.children[0].offsetTop
    return [...tiles.children].filter((each) => each.offsetTop === first).length
  }

  const move = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow(), ArrowDown: perRow() }[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    const to = tiles.children[[...tiles.children].indexOf(event.currentTarget) + step]
    to?.focus()
  }

  const tileOf = ({ key, name, detail, heat }, colours) => {
    const button = document.createElement('button')
    const picture = document.createElement('span'), line = document.createElement('span')
    const canvas = document.createElement('canvas')
    button.type = 'button'
    button.className = 'tile'
    button.dataset.key = key
    draw(canvas, heat, colours)
    picture.className = 'small'
    picture.append(canvas)
    line.className = 'name'
    const [called, score] = [name, detail].map((text) => Object.assign(document.createElement('span'), { textContent: text }))
    line.append(called, ' ', score)
    button.append(picture, line)
    button.onclick = () => choose(button)
    button.onpointerenter = () => show(button)
    button.onfocus = () => show(button)
    button.onblur = back
    button.onkeydown = move
    return button
  }

  if (gallery.dataset.told !== told) {
    gallery.dataset.told = told
    gallery.style.setProperty('--seen', `url("${addressOf(data.picture)}")`)
    gallery.style.setProperty('--shape', data.shape)
    tiles.setAttribute('aria-label', data.label)
    const colours = bytesOf(data.colours)
    tiles.replaceChildren(...data.tiles.map((each) => tileOf(each, colours)))
    tiles.onpointerleave = back
  }
  mark(data.chosen)
  if (!tiles.matches(':hover') && !tiles.matches(':focus-within')) back()
}
