// aedes on a port, in a process of its own.
import { Aedes } from 'aedes'
import { listen } from './listen.js'

const aedes = await Aedes.createBroker()
listen(socket => aedes.handle(socket))
