import { disconnectCode } from '../util/validate.js'

/** Check of a DISCONNECT reason code that a server may send. */
export const serverCode = disconnectCode('0x00, 0x80-0x83, 0x87, 0x89, 0x8B, 0x8D-0x90, 0x93-0xA2')
