/** Something that the operator can put right. `code` is printed after the sentence. */
export class CliError extends Error {
  override name = 'CliError';
  readonly code: string;
  constructor(code: string, say: string, cause?: unknown) {
    super(say, { cause });
    this.code = code;
  }
}
