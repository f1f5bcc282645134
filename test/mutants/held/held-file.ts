/** A survivor that stands: the line it begins on, what is changed to what (as the run prints both), and why it may live. */
export interface Accepted {
  line: string;
  change: string;
  why: string;
}

/** One file under mutation. `by`: the tests that hold it, and the only ones that run; default the test beside it. */
export interface Held {
  file: string;
  by?: string[];
  /** Percent of mutants, without the accepted ones, that must be killed; default 90. */
  floorPercent?: number;
  accepted?: Accepted[];
}
