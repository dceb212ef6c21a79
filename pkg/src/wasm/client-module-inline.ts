import { generated } from '#glue/client-full'
import { deflated, size } from '#module/client-full'
import { unpack } from './inflate.js'
import type { Glue } from './interface.js'
import { Loader } from './loader.js'

/**
 * Loader of the module with all that a client alone may need, which is inside. The build puts this
 * file in the place of `client-module.ts`.
 */
export const clientLoader = new Loader<Glue>(generated, () => ({ bytes: unpack(deflated, size) }))
