// Where the server keeps what belongs to a viewer.

/**
 * @typedef {{
 *   location: {href: string}, __streamlit?: {BACKEND_BASE_URL?: string},
 * }} Page Knows where its server is, if core/delivery.py told it; if not, all pages lie beside one another.
 */

/**
 * The whole address, whatever path a proxy puts before the server's own.
 * @param {string} url From where the server answers: without a slash before it.
 * @param {Page} [page]
 */
export const addressOf = (url, page = window) =>
  new URL(url, page.__streamlit?.BACKEND_BASE_URL ?? new URL('.', page.location.href)).href
