/** Remembers what two things together come to, so that it is worked out once. Forgets nothing: for the length of one question. */
export function onceForTwo<A, B, Value>(): (a: A, b: B, make: () => Value) => Value {
  const known = new Map<A, Map<B, Value>>()
  return (a, b, make) => {
    const ofFirst = known.get(a) ?? new Map<B, Value>()
    if (ofFirst.size === 0) known.set(a, ofFirst)
    const found = ofFirst.get(b) ?? make()
    ofFirst.set(b, found)
    return found
  }
}
