/** Where a packed skip list lies, by the hash of its bytes. */
export const skipListKeyOf = (hash: string): string => `skip-lists/${hash}.bin`;
