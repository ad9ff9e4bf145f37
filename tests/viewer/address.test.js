// Addresses, behind proxies of all kinds.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { addressOf } from '../../pages/components/viewer/address.js'

const at = (href) => ({ location: { href } })

test('an address lies where the page was told that its server is', () => {
  const server = 'https://x.org/lens/'
  const told = { ...at('https://x.org/'), __streamlit: { BACKEND_BASE_URL: server } }
  assert.equal(addressOf('media/1.gz', told), 'https://x.org/lens/media/1.gz')
})

test('where nobody told the page, it lies beside the page', () => {
  assert.equal(addressOf('media/1.gz', at('http://x.org/')), 'http://x.org/media/1.gz')
  assert.equal(addressOf('media/1.gz', at('http://x.org/compare?a=/b#c')), 'http://x.org/media/1.gz')
  const below = { ...at('http://x.org/lens/compare'), __streamlit: {} }
  assert.equal(addressOf('media/1.gz', below), 'http://x.org/lens/media/1.gz')
})
