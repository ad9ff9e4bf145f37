// Icons as paths on a 24 x 24 grid, drawn for this viewer.

const SVG = 'http://www.w3.org/2000/svg'

/** @type {Record<string, string>} */
export const ICONS = {
  window: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  pan: 'M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3',
  length: 'M3 16L16 3l5 5L8 21zM7 12l2 2M10 9l2 2M13 6l2 2',
  angle: 'M19 20H4L15 5M12 20a9 9 0 0 0-3-6.5',
  invert: 'M4 4h16v16H4zM4 20L20 4M20 8l-12 12M20 12l-8 8M20 16l-4 4',
  turn: 'M19 12a7 7 0 1 1-2.5-5.4M17 2v5h-5',
  mirror: 'M12 3v18M9 7L3 17h6zM15 7l6 10h-6z',
  reset: 'M4 12a8 8 0 1 0 2.5-5.8M6 2v5h5M12 8v4l3 2',
  in: 'M12 5v14M5 12h14',
  out: 'M5 12h14',
  heat: 'M12 3c1 4 5 5.5 5 10a5 5 0 0 1-10 0c0-2 1-3 2-4 0 2 1 3 2 3 1.5-2 0-5 1-9z',
  scale: 'M4 20V4M4 20h16M8 20V8M13 20v-4M18 20V5M6 5h14',
  swipe: 'M12 3v18M8 9l-3 3 3 3M16 9l3 3-3 3',
  seen: 'M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6',
  lines: 'M4 4h3M10 4h4M17 4h3v3M20 10v4M20 17v3h-3M14 20h-4M7 20H4v-3M4 14v-4M4 7V4',
  large: 'M3 3h18v12H3zM3 18h5v3H3zM10 18h4v3h-4zM16 18h5v3h-5z',
  save: 'M12 4v12M7 11l5 5 5-5M4 20h16',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  point: 'M12 3v6M12 15v6M3 12h6M15 12h6M12 11.5v1',
  box: 'M5 6h14v12H5zM3 6a2 2 0 1 0 4 0 2 2 0 1 0-4 0M17 18a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  region: 'M8 5c5-3 11 0 11 5s-2 4-4 6-4 4-8 2-4-10 1-13z',
  stroke: 'M20 4L10 14M10 14c-3-1-5 1-5 5 4 1 7-1 5-5z',
  erase: 'M9 19l-5-5L14 4l6 6-9 9zM9 9l6 6M4 20h16',
  undo: 'M4 9h10a5 5 0 0 1 0 10H8M8 5L4 9l4 4',
  none: 'M5 6h14v12H5zM9 10l6 5M15 10l-6 5',
  done: 'M4 13l5 5L20 6',
  clear: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
}

/**
 * @param {string} name Of `ICONS`.
 * @returns {SVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg'), path = document.createElementNS(SVG, 'path')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  path.setAttribute('d', ICONS[name])
  svg.append(path)
  return svg
}
