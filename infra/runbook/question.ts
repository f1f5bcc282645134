/** What a new runbook needs to know of its event. Each is a flag of the command line, and a question where there is somebody to ask. */
export interface Question {
  flag: string;
  ask: string;
  /** For the usage. */
  value: string;
  /** Taken for an empty answer; null: an answer is needed. */
  preset: string | null;
  /** Asked again and again, until the answer is empty: at least so often. With 0, an empty first answer is none at all. */
  atLeast?: number;
  /** What was expected; null: it is right. `earlier`: the answers so far, by flag. */
  problem: (answer: string, earlier: Earlier) => string | null;
  /** What is still expected of answers that may be several, before they may end; null: they are enough. */
  missing?: (answers: readonly string[], earlier: Earlier) => string | null;
}
export type Earlier = ReadonlyMap<string, readonly string[]>;
