import { Exchange } from '../exchange.ts';

/** A request on its stream, open until its answer is written. */
export class Stream extends Exchange {
  /** The body so far, when it came in more than one piece. */
  parts: Buffer[] | null = null;
  bodyBytes = 0;
  /** END_STREAM came. */
  ended = false;
  /** The site has judged it; it stays open until its answer is written. */
  decided = false;
  /** On top of what SETTINGS_INITIAL_WINDOW_SIZE gives. */
  sendCredit = 0;
}
