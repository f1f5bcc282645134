import { Readable } from 'node:stream';
import { main } from './cli.ts';

/** The command line as somebody calls it. `answers`: what they type, a line each; null: nobody is there. */
export async function run(args: string[], answers: string[] | null = null) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(args, {
    input: Readable.from((answers ?? []).map((line) => `${line}\n`)),
    asks: answers !== null,
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text) },
  });
  return { code, out: out.join(''), err: err.join('') };
}
