/** Times as the record tells them: UTC to the millisecond, and from the target. */

/** `2027-02-08 23:31:02.123` */
export function stamp(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').replace('Z', '');
}

/** `T-2:03:04`, `T+0:00:05` */
export function relative(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `T${ms < 0 ? '-' : '+'}${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
