import { errorName } from '../../aws/cloud-error.ts';

/** Null in place of the refusal that says that a thing is not there. */
export async function orNull<T>(work: Promise<T>, missing: RegExp): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (missing.test(errorName(error))) return null;
    throw error;
  }
}
