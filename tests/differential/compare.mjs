// Equality of two descriptions of a packet.

/**
 * The description in a form that can be compared.
 *
 * mqtt-packet keeps a property list as an object. That loses the order of different properties and
 * of user properties with different names, and of a user property's values the empty ones that come
 * first, if another follows.
 */
export function comparable(packet) {
  const copy = { ...packet }
  if (copy.properties) copy.properties = sorted(copy.properties.filter(isKept))
  if (copy.will) copy.will = comparable(copy.will)
  return copy
}

const keyOf = ([name, value]) => (name === 'UserProperty' ? `${name} ${value[0]}` : name)

function isKept(property, place, list) {
  const [name, value] = property
  if (name !== 'UserProperty' || value[1] !== '') return true
  const isSame = other => keyOf(other) === keyOf(property)
  const comesFirst = !list.slice(0, place).some(other => isSame(other) && other[1][1] !== '')
  return !(comesFirst && list.slice(place + 1).some(isSame))
}

function sorted(list) {
  const order = (a, b) => Number(keyOf(a) > keyOf(b)) - Number(keyOf(a) < keyOf(b))
  return [...list].sort(order)
}
