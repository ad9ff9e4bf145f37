// Two pictures over one another, and a line that one moves: before to its left, after to its right.

import { addressOf } from '../viewer/address.js'

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector('.swipe')
  const slider = root.querySelector('input')
  const show = () => root.style.setProperty('--at', `${slider.value}%`)
  root.style.setProperty('--shape', String(data.shape))
  for (const which of ['before', 'after']) {
    const image = root.querySelector(`.${which}`), source = addressOf(data[which])
    if (image.src !== source) image.src = source
    image.alt = data[`${which}_words`]
  }
  root.querySelector('.left').textContent = 'Before'
  root.querySelector('.right').textContent = 'After'
  slider.setAttribute('aria-label', 'Where the line divides before from after')
  slider.oninput = show
  show()
}
