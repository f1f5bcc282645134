/** What parseArgs refused, in our words: its own are cut ("Option '--launch <value>' argument missing"). */
export function optionProblem(cause: unknown, known: readonly string[]): string {
  const said = cause instanceof Error ? cause.message : String(cause);
  const name = /--([\w-]+)/.exec(said)?.[1] ?? '';
  // Missing at the end, or another option where the value should stand: `--launch --as ana`.
  const missing = `--${name}: found no value after it, expected --${name} ${name.toUpperCase()}`;
  if (/^Option .*argument missing/.test(said)) return missing;
  if (/^Option .*argument is ambiguous/.test(said)) return `${missing}; one that begins with a dash: --${name}=-…`;
  if (/^Option .*does not take an argument/.test(said)) return `--${name}: found a value, expected it without one`;
  return `${said.split('. ')[0] ?? said}; expected options of ${known.map((one) => `--${one}`).join(', ')}`;
}
