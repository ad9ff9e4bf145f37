// From a scene and a view to pixels. Whatever panes share is drawn once, and only when it has changed.

import { apply, matrixOf, scaleOf, sidesOf, wordsOf } from './geometry.js'
import { paint, windowTable } from './greys.js'
import { colour, GRID, peakOf } from './heat.js'
import { cornersOf, draws } from './marks.js'
import { coloursOf, contextOf } from './scene.js'

/**
 * @typedef {import('./view.js').View} View
 * @typedef {import('./view.js').Point} Point
 * @typedef {import('./view.js').Measured} Measured
 * @typedef {import('./marks.js').Mark} Mark
 * @typedef {import('./geometry.js').Matrix} Matrix
 * @typedef {import('./geometry.js').Size} Size
 * @typedef {import('./scene.js').Scene} Scene
 * @typedef {import('./scene.js').Picture} Picture
 * @typedef {{canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, made: string}} Sheet
 * @typedef {Size & {canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, index: number}} Pane
 */

const LINE = '#9AA4AF', LUNG = '#C9B6F2', LESION = '#FF9E64', MEASURED = '#FFE08A', MARK = '#7CF5FF', SIDE = '#DDE3EA'
const WORDS_FROM_PX = 260 // of a pane, which has room for more than a letter
const CUT = 'rgba(70, 74, 80, 0.75)'
const ENOUGH = 1.1 // device pixels a pixel of a picture that is sharp enough

/**
 * A canvas that nobody sees, and what was last drawn on it.
 * @returns {Sheet}
 */
export function sheet() {
  const canvas = document.createElement('canvas')
  return { canvas, context: contextOf(canvas), made: '' }
}

/**
 * @param {Sheet} each
 * @param {string} made What is to be on it.
 * @param {number} width
 * @param {number} height
 * @returns {boolean} Whether it has to be drawn.
 */
function renew(each, made, width, height) {
  if (each.made === made) return false
  resize(each.canvas, width, height)
  each.made = made
  return true
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
function resize(canvas, width, height) {
  if (canvas.width === width && canvas.height === height) return // even the same size would clear it
  canvas.width = width
  canvas.height = height
}

/** Draws one scene; a new scene has a new painter. */
export class Painter {
  /**
   * @param {Scene} scene
   * @param {Picture} picture
   * @param {(Float32Array | null)[]} heats One a pane.
   */
  constructor(scene, picture, heats) {
    this.scene = scene
    this.picture = picture
    this.heats = heats
    /** @type {Map<import('./greys.js').Greys, Sheet>} */
    this.levels = new Map()
    this.coloured = heats.map(sheet)
    this.strokes = sheet()
    /** @type {Map<string, Sheet>} By size: panes of one size show the same greys. */
    this.stages = new Map()
  }

  /**
   * @param {Pane} pane
   * @param {View} view
   * @param {number} dpr Device pixels a CSS pixel.
   * @param {Point | null} pointer In the radiograph's pixels.
   */
  draw(pane, view, dpr, pointer) {
    const { canvas, context } = pane
    const width = Math.round(pane.width * dpr), height = Math.round(pane.height * dpr)
    resize(canvas, width, height)
    const matrix = matrixOf(view, this.scene, pane)
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.drawImage(this.stage(view, matrix, width, height, dpr), 0, 0)
    context.setTransform(dpr, 0, 0, dpr, 0, 0)
    this.drawHeat(pane, view, dpr, matrix)
    if (view.lines) this.drawLines(context, matrix, pane.index === 0)
    if (view.lines && this.scene.sides) drawSides(pane, view)
    for (const measured of view.measured) this.drawMeasured(context, matrix, measured)
    this.drawMarks(context, matrix, view, pointer)
    this.drawDraft(context, matrix, view, pointer)
    if (pointer) cross(context, apply(matrix, pointer))
  }

  /**
   * The greys as all panes of a size show them.
   * @param {View} view
   * @param {Matrix} matrix
   * @param {number} width Of the pane, in device pixels.
   * @param {number} height Of the pane, in device pixels.
   * @param {number} dpr
   */
  stage(view, matrix, width, height, dpr) {
    const size = `${width} ${height}`
    const stage = this.stages.get(size) ?? sheet()
    if (!this.stages.has(size)) {
      if (this.stages.size > 3) this.stages.clear() // sizes of windows that are gone
      this.stages.set(size, stage)
    }
    const made = [matrix, view.width, view.level, view.invert, view.seen, size, this.picture.sharp].join()
    if (!renew(stage, made, width, height)) return stage.canvas
    const { context } = stage, { scene } = this
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.fillStyle = '#000'
    context.fillRect(0, 0, width, height)
    context.setTransform(.../** @type {Matrix} */ (matrix.map((each) => each * dpr)))
    if (view.seen && this.picture.seen) {
      const [left, top, right, bottom] = scene.frame
      context.drawImage(this.picture.seen, left, top, right - left, bottom - top)
    } else {
      context.drawImage(this.shown(view, scaleOf(matrix) * dpr), 0, 0, scene.width, scene.height)
      this.cover(context)
    }
    return stage.canvas
  }

  /**
   * The picture in its window, at the size that is worth its while.
   * @param {View} view
   * @param {number} scale Device pixels a pixel of the radiograph.
   */
  shown(view, scale) {
    const { levels } = this.picture
    let index = levels.length - 1
    while (index > 0 && scale * this.scene.width / levels[index].width > ENOUGH) index--
    const greys = levels[index]
    const each = this.levels.get(greys) ?? sheet()
    this.levels.set(greys, each)
    if (renew(each, [view.width, view.level, view.invert].join(), greys.width, greys.height)) {
      const image = each.context.createImageData(greys.width, greys.height)
      paint(greys, windowTable(view, greys.depth), new Uint32Array(image.data.buffer))
      each.context.putImageData(image, 0, 0)
    }
    return each.canvas
  }

  /**
   * Dims the margins that were cut.
   * @param {CanvasRenderingContext2D} context
   */
  cover(context) {
    const { width, height, inside: [left, top, right, bottom] } = this.scene
    context.beginPath() // as one path with a hole: four rectangles would show their seams
    context.rect(0, 0, width, height)
    context.rect(left, top, right - left, bottom - top)
    context.fillStyle = CUT
    context.fill('evenodd')
  }

  /**
   * @param {Pane} pane
   * @param {View} view
   * @param {number} dpr
   * @param {Matrix} matrix
   */
  drawHeat({ context, index, width, height }, view, dpr, matrix) {
    const heat = this.heats[index]
    if (!heat) return
    const divide = view.swipe ? view.divide * width : 0
    if (view.heat && view.opacity > 0) {
      const [left, top, right, bottom] = this.scene.frame
      context.save()
      context.beginPath()
      context.rect(divide, 0, width, height)
      context.clip()
      context.globalAlpha = view.opacity
      context.setTransform(.../** @type {Matrix} */ (matrix.map((each) => each * dpr)))
      context.imageSmoothingQuality = 'high'
      context.drawImage(this.colouredHeat(index, heat, view), left, top, right - left, bottom - top)
      context.restore()
    }
    if (view.swipe) divider(context, divide, height)
  }

  /**
   * @param {number} index
   * @param {Float32Array} heat
   * @param {View} view
   */
  colouredHeat(index, heat, view) {
    const each = this.coloured[index]
    const peak = peakOf(view, this.scene.panes[index])
    if (renew(each, `${view.map} ${view.floor} ${peak}`, GRID, GRID)) {
      const image = each.context.createImageData(GRID, GRID)
      colour(heat, coloursOf(this.scene, view.map), peak, view.floor, image.data)
      each.context.putImageData(image, 0, 0)
    }
    return each.canvas
  }

  /**
   * The frame that the networks saw; on the plain radiograph the outlines of the lungs and of known lesions.
   * @param {CanvasRenderingContext2D} context
   * @param {Matrix} matrix
   * @param {boolean} first Whether this is the plain one.
   */
  drawLines(context, matrix, first) {
    const [left, top, right, bottom] = this.scene.frame
    /** @type {Point[]} */
    const corners = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    stroke(context, matrix, corners, LINE, 1, [1, 3])
    if (!first) return
    for (const outline of this.scene.lungs) stroke(context, matrix, outline, LUNG, 1.5, [6, 4])
    for (const outline of this.scene.lesions) stroke(context, matrix, outline, LESION, 1.5, [])
  }

  /**
   * Marks, and the one that is begun.
   * @param {CanvasRenderingContext2D} context
   * @param {Matrix} matrix
   * @param {View} view
   * @param {Point | null} pointer
   */
  drawMarks(context, matrix, view, pointer) {
    const { tool, draft, brush: width, erase: erases } = view
    const marks = [...view.marks]
    if (draws(tool) && draft.length) {
      const open = tool !== 'box' || draft.length < 2
      marks.push({ kind: tool, points: pointer && open ? [...draft, pointer] : draft, width, erases })
    }
    if (marks.some(({ kind }) => kind === 'stroke')) this.drawStrokes(context, matrix, marks)
    for (const { kind, points } of marks) {
      if (kind === 'point') spot(context, apply(matrix, points[0]))
      if (kind === 'stroke' || kind === 'point') continue
      const corners = kind === 'box' && points.length > 1 ? cornersOf(points) : points
      stroke(context, matrix, [...corners, corners[0]], '#000', 4, [])
      stroke(context, matrix, [...corners, corners[0]], MARK, 1.5, [])
    }
  }

  /**
   * Strokes as one sheet, so that they do not darken where they cross.
   * @param {CanvasRenderingContext2D} context
   * @param {Matrix} matrix
   * @param {Mark[]} marks
   */
  drawStrokes(context, matrix, marks) {
    const { width, height } = context.canvas
    const each = this.strokes, made = [width, height, matrix, JSON.stringify(marks)].join()
    if (renew(each, made, width, height)) {
      const dpr = context.getTransform().a
      each.context.setTransform(dpr, 0, 0, dpr, 0, 0)
      each.context.clearRect(0, 0, width, height)
      each.context.lineCap = each.context.lineJoin = 'round'
      for (const { kind, points, width: share, erases } of marks) {
        if (kind !== 'stroke') continue
        each.context.globalCompositeOperation = erases ? 'destination-out' : 'source-over'
        const wide = share * Math.max(this.scene.width, this.scene.height) * scaleOf(matrix)
        stroke(each.context, matrix, points.length > 1 ? points : [points[0], points[0]], MARK, wide, [])
      }
    }
    context.save()
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.globalAlpha = 0.5
    context.drawImage(each.canvas, 0, 0)
    context.restore()
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Matrix} matrix
   * @param {Measured} measured
   */
  drawMeasured(context, matrix, measured) {
    const { points } = measured
    stroke(context, matrix, points, '#000', 4, [])
    stroke(context, matrix, points, MEASURED, 1.5, [])
    write(context, apply(matrix, points[1]), wordsOf(measured, this.scene.mm_per_px))
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {Matrix} matrix
   * @param {View} view
   * @param {Point | null} pointer
   */
  drawDraft(context, matrix, view, pointer) {
    if (!view.draft.length || draws(view.tool)) return
    const points = pointer ? [...view.draft, pointer] : view.draft
    if (points.length === 3 || (view.tool === 'length' && points.length === 2)) {
      this.drawMeasured(context, matrix, { kind: points.length === 3 ? 'angle' : 'length', points })
    } else {
      stroke(context, matrix, points, MEASURED, 1.5, [])
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Matrix} matrix
 * @param {Point[]} points
 * @param {string} style
 * @param {number} width
 * @param {number[]} dash
 */
function stroke(context, matrix, points, style, width, dash) {
  context.beginPath()
  for (const point of points) context.lineTo(...apply(matrix, point))
  context.strokeStyle = style
  context.lineWidth = width
  context.setLineDash(dash)
  context.stroke()
  context.setLineDash([])
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} at
 * @param {string} text
 */
function write(context, [x, y], text) {
  context.font = '600 13px system-ui, sans-serif'
  context.lineJoin = 'round'
  context.lineWidth = 4
  context.strokeStyle = '#000'
  context.strokeText(text, x + 8, y - 8)
  context.fillStyle = MEASURED
  context.fillText(text, x + 8, y - 8)
}

/**
 * Which side of the patient is where: in words on the plain radiograph, by the usual letters on the others.
 * @param {Pane} pane
 * @param {View} view
 */
function drawSides({ context, index, width, height }, view) {
  const words = index || width < WORDS_FROM_PX ? ['R', 'L'] : ["R: patient's right", "L: patient's left"]
  context.save()
  context.font = '12px system-ui, sans-serif'
  context.fillStyle = SIDE
  context.shadowColor = '#000'
  context.shadowBlur = 4 * context.getTransform().a
  sidesOf(view).forEach((side, i) => {
    context.textAlign = side === 'left' || side === 'right' ? side : 'center'
    const x = { left: 7, right: width - 7, top: width / 2, bottom: width / 2 }[side]
    const y = side === 'top' ? 16 : height - 8
    for (let deeper = 0; deeper < 3; deeper++) context.fillText(words[i], x, y) // its shadow, too
  })
  context.restore()
}

/**
 * A marked point.
 * @param {CanvasRenderingContext2D} context
 * @param {Point} at
 */
function spot(context, [x, y]) {
  for (const [width, style] of /** @type {[number, string][]} */ ([[4, '#000'], [2, MARK]])) {
    context.beginPath()
    context.arc(x, y, 5, 0, 2 * Math.PI)
    context.lineWidth = width
    context.strokeStyle = style
    context.stroke()
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Point} at
 */
function cross(context, [x, y]) {
  context.beginPath()
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(x + 3 * dx, y + 3 * dy)
    context.lineTo(x + 9 * dx, y + 9 * dy)
  }
  context.lineWidth = 3
  context.strokeStyle = 'rgba(0, 0, 0, 0.6)'
  context.stroke()
  context.lineWidth = 1
  context.strokeStyle = '#FFF'
  context.stroke()
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} height
 */
function divider(context, x, height) {
  context.fillStyle = 'rgba(0, 0, 0, 0.6)'
  context.fillRect(x - 2, 0, 4, height)
  context.fillStyle = '#FFF'
  context.fillRect(x - 0.5, 0, 1, height)
  context.beginPath()
  context.arc(x, height / 2, 6, 0, 2 * Math.PI)
  context.fill()
}
