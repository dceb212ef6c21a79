import { generated } from '#glue/broker'
import { deflated, size } from '#module/broker'
import { unpack } from './inflate.js'
import type { BrokerGlue } from './interface.js'
import { Loader } from './loader.js'

/**
 * Loader of the module with a client and a broker, which is inside. The build puts this file in
 * the place of `broker-module.ts`.
 */
export const brokerLoader = new Loader<BrokerGlue>(generated, () => ({ bytes: unpack(deflated, size) }))
