// Runs the cases on the WebSocket that Node has, and prints their results.
import { cases, departuresOfNode, results } from './websocket-cases.mjs'

const [, , address] = process.argv
const shared = Object.fromEntries(Object.entries(cases).filter(([name]) => !departuresOfNode.includes(name)))
const found = await results(shared, (url = address, protocols = 'mqtt') => new WebSocket(url, protocols))
process.stdout.write(JSON.stringify(found), () => process.exit(0))
