import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

/**
 * The CDK's own command line, over an assembly that was synthesised here: it asks AWS for nothing that a template needs, and
 * needs no `cdk.json`. Ends with its exit code. What it says goes to `out`: the terminal itself, where it may ask people, or
 * whoever collects it.
 */
export function runCdk(
  args: readonly string[],
  { env, region, out }: { env: Readonly<Record<string, string | undefined>>; region: string; out: Output },
): Promise<number> {
  const binary = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [binary, ...args, '--no-notices'], {
      stdio: out === process.stdout ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: { ...env, ...QUIET, AWS_REGION: region },
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => out.write(String(piece)));
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

export interface Output {
  write(text: string): unknown;
}

/** It would ask for news of itself, here and by notices, and send what it was used for. */
const QUIET = { CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: 'true' };
