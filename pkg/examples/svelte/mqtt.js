// The page's one client. Components share it.
import { Client } from 'wasmqtt'

export const mqtt = new Client(new URLSearchParams(location.search).get('broker'))

// A changed copy of this file begins with a client of its own.
import.meta.hot?.dispose(() => mqtt.end())
