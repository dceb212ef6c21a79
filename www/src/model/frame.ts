/**
 * Returns a function that draws in the next frame, however often it is called until then.
 */
export function inNextFrame(draw: () => void): () => void {
  let isDue = false
  return () => {
    if (isDue) return
    isDue = true
    requestAnimationFrame(() => {
      isDue = false
      draw()
    })
  }
}
