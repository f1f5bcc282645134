/** Null: the packages are those of the lock, or there is no lock to go by. */
export function moduleProblem(root: string): string | null;
