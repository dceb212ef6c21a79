import { generated } from '#glue/client'
import { deflated, size } from '#module/client'
import { unpack } from './inflate.js'
import type { Glue } from './interface.js'
import { Loader } from './loader.js'

/**
 * Loader of the module with a client alone, which is inside. The build puts this file in
 * the place of `client-module.ts`.
 */
export const clientLoader = new Loader<Glue>(generated, () => ({ bytes: unpack(deflated, size) }))
