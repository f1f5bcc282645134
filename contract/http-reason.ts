/** The word for an answer without a reason of a provider in it. */
export function httpReason(status: number): string {
  return `Http${status}`;
}
