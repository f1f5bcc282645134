/** One pool's queues: one of segment orders, one of batches for each platform, and where messages go that nobody could take. */
export const queueNames = (pool: string) => ({
  segments: `${pool}-segments.fifo`,
  batches: { ios: `${pool}-batches-ios`, android: `${pool}-batches-android` },
  deadLetters: `${pool}-batches-dlq`,
  segmentDeadLetters: `${pool}-segments-dlq.fifo`,
});
