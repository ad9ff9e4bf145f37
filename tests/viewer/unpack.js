// `node unpack.js FOLDER`: the greys of a packed picture (data.gz and sheet.json), 16 bits each.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

import { unpack } from '../../pages/components/viewer/wavelet.js'

const [folder] = process.argv.slice(2)
const sheet = JSON.parse(readFileSync(`${folder}/sheet.json`))
const { values } = unpack(gunzipSync(readFileSync(`${folder}/data.gz`)), sheet)
process.stdout.write(new Uint8Array(Uint16Array.from(values).buffer))
