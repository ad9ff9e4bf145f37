// The toolbar: buttons from the table of commands, a choice of windows and of colours, and sliders.

import { COMMANDS, FULL, isOffered, nameOfKey } from './commands.js'
import { icon } from './icons.js'
import { make } from './make.js'
import { expose, preset, PRESETS } from './view.js'

/**
 * @typedef {import('./view.js').View} View
 * @typedef {(change: (view: View) => View) => void} Change
 * @typedef {'opacity' | 'floor' | 'divide' | 'brush'} Share
 */

/** The toolbar of a viewer. */
export class Toolbar {
  /**
   * @param {(command: import('./commands.js').Command) => void} act Does what a button says.
   * @param {Change} change
   * @param {() => [number, number]} range The picture's own.
   */
  constructor(act, change, range) {
    this.change = change
    this.buttons = COMMANDS.filter((each) => each !== FULL || document.fullscreenEnabled).map((command) => {
      const words = { title: `${command.label} (${nameOfKey(command)})`, 'aria-label': command.label }
      const button = make('button', { type: 'button', ...words }, icon(command.icon))
      button.onclick = () => act(command)
      return { button, command }
    })
    const presets = PRESETS.map(({ name }, index) => [String(index), `${index + 1}  ${name}`])
    this.window = this.choice('Window', [['', 'Set by hand'], ...presets])
    this.window.options[0].hidden = true
    this.window.onchange = () => change((view) => preset(view, Number(this.window.value), range()))
    this.map = this.choice('Colours', [])
    this.map.onchange = () => change((view) => ({ ...view, map: this.map.value }))
    this.sliders = [
      this.slider('opacity', 'Heat', 'Opacity of the heat'),
      this.slider('floor', 'Hide below', 'Heat below this vanishes'),
      this.slider('divide', 'Line', 'Where the line divides plain from heat'),
      this.slider('brush', 'Brush', 'Width of the brush, of the longer side', 20),
    ]
    const groups = [0, 1, 2, 3, 4].map((group) => {
      const own = this.buttons.filter(({ command }) => command.group === group)
      return make('div', { class: 'group' }, ...own.map(({ button }) => button))
    })
    groups[4].prepend(make('span', {}, 'Mark'))
    this.markers = groups[4]
    const more = make('button', { type: 'button', class: 'more', 'aria-expanded': 'false' }, 'More tools')
    const bar = make('div', { class: 'bar', role: 'group', 'aria-label': 'Tools' }, ...groups, more)
    const sliders = this.sliders.map(({ label }) => label)
    const choices = [this.window, this.map].map((select) => /** @type {HTMLElement} */ (select.parentElement))
    for (const each of [choices[1], ...sliders.slice(0, 2)]) each.classList.add('of-heat')
    this.element = make('div', { class: 'tools' }, bar, make('div', { class: 'settings' }, ...choices, ...sliders))
    more.onclick = () => {
      const all = this.element.classList.toggle('all')
      more.setAttribute('aria-expanded', String(all))
      more.textContent = all ? 'Fewer tools' : 'More tools'
    }
  }

  /**
   * @param {string} name
   * @param {string[][]} options Value and text.
   */
  choice(name, options) {
    const select = make('select', { 'aria-label': name })
    select.append(...options.map(([value, text]) => make('option', { value }, text)))
    make('label', {}, make('span', {}, name), select)
    return select
  }

  /**
   * @param {Share} field
   * @param {string} name
   * @param {string} help
   * @param {number} [most] In per cent.
   */
  slider(field, name, help, most = 100) {
    const range = { min: most < 100 ? '1' : '0', max: String(most), step: '1' }
    const input = make('input', { type: 'range', ...range, 'aria-label': help })
    const output = make('output')
    const label = make('label', { title: help }, make('span', {}, name), input, output)
    input.oninput = () => this.change((view) => ({
      ...view, [field]: Number(input.value) / 100, ...(field === 'opacity' ? { heat: true } : {}),
    }))
    return { field, input, output, label }
  }

  /**
   * The tools that a page asks for.
   * @param {Pick<import('./scene.js').Scene, 'asks' | 'gives' | 'panes' | 'own_scale'>} page
   */
  offer(page) {
    for (const { button, command } of this.buttons) button.hidden = !isOffered(command, page)
    this.markers.hidden = !page.asks.length
  }

  /**
   * @param {View} view
   * @param {string[]} maps Names of colour maps.
   * @param {[number, number]} range The picture's own.
   */
  update(view, maps, range) {
    for (const { button, command } of this.buttons) {
      if (command.pressed) button.setAttribute('aria-pressed', String(command.pressed(view)))
    }
    for (const { field, input, output, label } of this.sliders) {
      const percent = String(Math.round(100 * (field === 'opacity' && !view.heat ? 0 : view[field])))
      if (input.value !== percent) input.value = percent
      output.textContent = `${percent} %`
      label.hidden = field === 'divide' && !view.swipe || field === 'brush' && view.tool !== 'stroke'
    }
    if (this.map.options.length !== maps.length) {
      this.map.replaceChildren(...maps.map((name) => make('option', { value: name }, name)))
    }
    this.map.value = view.map
    const current = PRESETS.findIndex((_, index) => {
      const wanted = preset(view, index, range)
      return Math.abs(wanted.width - view.width) + Math.abs(wanted.level - view.level) < 0.001
    })
    this.window.value = current < 0 ? '' : String(current)
  }
}

/**
 * Window and level moved by keys.
 * @param {View} view
 * @param {number} across
 * @param {number} down
 */
export const nudge = (view, across, down) =>
  expose(view, view.width + across * 0.02, view.level + down * 0.02)
