/**
 * In MiB. Orders die young: with a large young generation few outlive a scavenge. What does waits for a full collection,
 * which takes both cores of a small machine for 40 ms: every two minutes of a crowd instead of every three seconds. See
 * docs/decisions/collecting.md.
 */
export const roomForOrders: readonly string[] = ['--max-semi-space-size=64', '--initial-old-space-size=128'];
/** In MiB. What a follower gathers in 200 ms dies as young, and is less. See docs/decisions/events.md. */
export const roomForEvents: readonly string[] = ['--max-semi-space-size=32'];
