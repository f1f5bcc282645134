import { createApp } from './app.ts';
import { natWords } from './nat.ts';
import type { Work } from './work.ts';

/** Templates into the folder. Throws what the CDK's own checks find. */
export function synthesise({ deployment, outdir, say }: Pick<Work, 'deployment' | 'outdir' | 'say'>): void {
  const { stacks } = createApp(deployment, outdir).synth();
  const nat = natWords(deployment.config);
  if (nat !== null) say(nat);
  say(`${outdir}: ${stacks.map(({ stackName }) => stackName).join(', ')}`);
}
