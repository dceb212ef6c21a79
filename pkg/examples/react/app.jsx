import { useState } from 'react'
import { mqtt } from './mqtt.js'
import { useStatus } from './use-status.js'
import { useSubscription } from './use-subscription.js'

export function App() {
  const [isOpen, setOpen] = useState(true)
  const { phase } = useStatus(mqtt)
  return (
    <>
      <p>{phase}</p>
      <button onClick={() => setOpen(!isOpen)}>Toggle</button>
      {isOpen && <Messages />}
    </>
  )
}

function Messages() {
  const [texts, setTexts] = useState([])
  useSubscription(mqtt, 'example/#', message => setTexts(texts => [...texts, message.text()]))
  return <output>{texts.join()}</output>
}
