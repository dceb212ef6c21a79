'use client'

import { useEffect, useRef } from 'react'
import { start } from '../page.js'

export default function Page() {
  const output = useRef(null)
  useEffect(() => {
    start(output.current)
  }, [])
  return <output ref={output} />
}
