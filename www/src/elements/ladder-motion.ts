// The entrance of new arrows: one after the other, a dot runs along each. It rests if the user
// prefers less motion.

const step = 130
const flight = 320

/** Plays the entrance of these arrows in their order. */
export function playArrival(arrows: readonly SVGGElement[]): void {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return
  for (const [index, arrow] of arrows.entries()) {
    const timing = { delay: index * step, fill: 'backwards' as const }
    arrow.animate([{ opacity: 0 }, { opacity: 1 }], { ...timing, duration: flight / 2 })
    const dot = arrow.querySelector<SVGElement>('.dot')
    const { dx, dy } = dot?.dataset ?? {}
    dot?.animate(
      [
        { transform: `translate(${dx}px, ${dy}px)`, opacity: 1 },
        { transform: 'translate(0, 0)', opacity: 1, offset: 0.85 },
        { transform: 'translate(0, 0)', opacity: 0 },
      ],
      { ...timing, duration: flight, easing: 'ease-in-out' },
    )
  }
}
